//! `cargo xtask demo`: the window on a living demonstration cluster.

use crate::install::{self, Need};
use crate::run::{self, Failure, cargo};
use crate::screen::{VirtualScreen, has_display};

/// Builds etcdscope and runs `etcdscope demo` with these arguments.
pub fn run(arguments: &[&str]) -> Result<(), Failure> {
    let headless = arguments.contains(&"--headless") || arguments.contains(&"--help");
    let mut needs = vec![Need::Protoc, Need::Etcd];
    if !headless {
        needs.extend([Need::WindowLibraries, Need::ChineseFont]);
        if !has_display() {
            needs.push(Need::VirtualScreen);
        }
    }
    install::ensure(&needs)?;
    // The same features and profile as the tests: one build serves both.
    run::run(&mut cargo(["build", "--features", "inspection"]))?;
    let mut command = cargo(["run", "--quiet", "--features", "inspection", "--", "demo"]);
    command.args(arguments);
    if headless || has_display() {
        return run::run(&mut command);
    }
    let screen = VirtualScreen::start("1600x1000")?;
    let display = screen.display();
    eprintln!(
        "This machine has no display (neither DISPLAY nor WAYLAND_DISPLAY is set).\n\
         The window opens on the virtual screen {display} instead. To see it:\n  \
         x11vnc -display {display} -localhost      and connect a VNC viewer, over ssh -L 5900:localhost:5900\n  \
         import -display {display} -window root screen.png      for a picture (ImageMagick)\n\
         Or log in with ssh -X from a machine with a display. Ctrl+C ends it."
    );
    command.env("DISPLAY", display);
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Without one, libwayland complains while the graphics drivers are looked through.
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    run::run(&mut command)
}
