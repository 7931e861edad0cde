//! A virtual screen for machines without a display.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::run::{Failure, ending_with_us};

/// A virtual X screen with a window manager on it; both end with this value.
pub struct VirtualScreen {
    children: Vec<Child>,
    display: String,
}

impl VirtualScreen {
    /// Starts Xvfb on a free display number, and openbox on it: without a window manager no window
    /// gets the keyboard.
    pub fn start(size: &str) -> Result<Self, Failure> {
        let mut command = ending_with_us("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"]);
        let mut server = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Failure::while_doing("Xvfb", &error))?;
        let mut number = String::new();
        if let Some(told) = server.stdout.take() {
            BufReader::new(told)
                .read_line(&mut number)
                .map_err(|error| Failure::while_doing("Xvfb", &error))?;
        }
        let display = format!(":{}", number.trim());
        let mut screen = Self { children: vec![server], display };
        if number.trim().is_empty() {
            return Err(Failure::new("Xvfb did not start"));
        }
        let manager = ending_with_us("openbox")
            .env("DISPLAY", &screen.display)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match manager {
            Ok(manager) => screen.children.push(manager),
            Err(error) => {
                eprintln!("no window manager (openbox: {error}): the window may not get the keyboard");
            }
        }
        Ok(screen)
    }

    /// The value for `DISPLAY`.
    pub fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for VirtualScreen {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            // Killing what has ended already fails, and that is fine.
            if child.kill().is_ok() && child.wait().is_err() {
                eprintln!("a process of the virtual screen did not end");
            }
        }
    }
}

/// Whether this machine has a display to open a window on.
pub fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET")
}
