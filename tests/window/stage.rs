//! A virtual screen, and the real window on it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etcdscope::demo::Ports;

/// Milliseconds since the Unix epoch.
pub fn unix_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1_000.0
}

/// A frame, as the window's frame log tells of it (`src/app/frame_log.rs`).
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// When its own work ended, in milliseconds since the Unix epoch.
    pub at_ms: f64,
    /// Its own work.
    pub work_ms: f64,
    /// The processor time of its own work.
    pub processor_ms: f64,
    /// The revision shown.
    pub applied: i64,
    /// Characters of the search text whose results are shown.
    pub found: usize,
    /// Keys shown.
    pub keys: u64,
    /// Whether they are live.
    pub live: bool,
    /// What it cost altogether; `None`: no frame has followed yet that would tell.
    pub whole_ms: Option<f64>,
}

impl Frame {
    /// When it was on screen, as far as the program can tell: when the graphics library had it.
    pub fn on_screen_ms(&self) -> Option<f64> {
        Some(self.at_ms - self.work_ms + self.whole_ms?)
    }

    fn read(line: &str) -> Option<(Self, f64)> {
        let mut fields = line.split(' ');
        let mut next = || fields.next();
        let mut frame = Self {
            at_ms: next()?.parse().ok()?,
            work_ms: next()?.parse().ok()?,
            applied: next()?.parse().ok()?,
            found: next()?.parse().ok()?,
            keys: next()?.parse().ok()?,
            live: next()? == "1",
            whole_ms: None,
            processor_ms: 0.0,
        };
        let before = next()?.parse().ok()?;
        frame.processor_ms = next()?.parse().ok()?;
        Some((frame, before))
    }
}

/// Processes that end when this value is dropped.
struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in self.0.iter_mut().rev() {
            // What has ended already cannot be killed.
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// An X server without a screen, with a window manager (without one no window gets the keyboard).
pub struct Screen {
    display: String,
    _running: Running,
}

impl Screen {
    /// Its name, for `DISPLAY`.
    #[allow(dead_code, reason = "not every test that shares this needs it")]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Starts one on a free display number; `Err` says why there is none.
    pub fn start() -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("the virtual screen is Xvfb, on Linux alone".to_owned());
        }
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("Xvfb: {error}"))?;
        let told = server.stdout.take();
        let mut running = Running(vec![server]);
        let mut number = String::new();
        if let Some(told) = told {
            BufReader::new(told).read_line(&mut number).map_err(|error| format!("Xvfb: {error}"))?;
        }
        let number = number.trim();
        if number.is_empty() {
            return Err("Xvfb did not start".to_owned());
        }
        let display = format!(":{number}");
        let manager = Command::new("openbox")
            .env("DISPLAY", &display)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("openbox: {error}"))?;
        running.0.push(manager);
        Ok(Self { display, _running: running })
    }
}

/// The real program.
pub struct Window {
    running: Running,
    log: PathBuf,
    frames: PathBuf,
    /// When it was started, in milliseconds since the Unix epoch.
    pub started_ms: f64,
    /// Where it can be inspected.
    pub address: SocketAddr,
    _port: Ports,
}

impl Window {
    /// Starts `etcdscope` with these arguments. It keeps its files in `home`, and reads no settings
    /// but those given.
    pub fn open(screen: &Screen, home: &Path, arguments: &[&str]) -> Result<Self, String> {
        let port = Ports::reserve(1).map_err(|fault| fault.to_string())?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.numbers()[0]));
        let frames = home.join("frames.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdscope"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("ETCDCTL_") || text.starts_with("ETCDSCOPE_") {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .env("DISPLAY", &screen.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env("EGUI_INSPECTION", address.to_string())
            .env("ETCDSCOPE_HOME", home)
            .env("ETCDSCOPE_KEYRING", "off")
            .env("XDG_RUNTIME_DIR", home)
            .env("LANG", "en_US.UTF-8")
            .env("ETCDSCOPE_FRAME_LOG", &frames)
            .stdin(Stdio::null());
        let log = home.join("window.log");
        let file = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let started_ms = unix_ms();
        let child = command.stderr(file).spawn().map_err(|error| format!("etcdscope: {error}"))?;
        Ok(Self { running: Running(vec![child]), log, frames, started_ms, address, _port: port })
    }

    fn child(&mut self) -> &mut Child {
        &mut self.running.0[0]
    }

    /// Processor time used so far; `None` where the system does not tell.
    pub fn processor_time(&self) -> Option<Duration> {
        /// Linux counts in hundredths of a second here, whatever the kernel's own tick is.
        const TICK: Duration = Duration::from_millis(10);
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.running.0[0].id())).ok()?;
        // The name of the program, in parentheses, may hold spaces.
        let (_, fields) = text.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let user: u32 = fields.next()?.parse().ok()?;
        let system: u32 = fields.next()?.parse().ok()?;
        Some(TICK * (user + system))
    }

    /// The frames drawn so far.
    pub fn frames(&self) -> Vec<Frame> {
        let text = std::fs::read_to_string(&self.frames).unwrap_or_default();
        let mut frames: Vec<Frame> = Vec::new();
        for (frame, before_ms) in text.lines().filter_map(Frame::read) {
            if let Some(before) = frames.last_mut() {
                before.whole_ms = Some(before_ms);
            }
            frames.push(frame);
        }
        frames
    }

    /// Waits, without asking the window for anything, until it has drawn such a frame.
    pub fn wait_for_frame(&self, what: &str, within: Duration, is_it: impl Fn(&Frame) -> bool) -> Frame {
        let start = Instant::now();
        loop {
            if let Some(frame) = self.frames().into_iter().find(&is_it) {
                return frame;
            }
            assert!(start.elapsed() < within, "no frame with {what} within {within:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Resident memory now and at its most; `None` where the system does not tell.
    pub fn memory_bytes(&self) -> Option<[u64; 2]> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.0[0].id())).ok()?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
        };
        Some([of("VmRSS:")?, of("VmHWM:")?])
    }

    /// Sends the program a signal, such as `STOP`.
    pub fn signal(&self, name: &str) -> Result<(), String> {
        let command = format!("kill -{name} {}", self.running.0[0].id());
        let sent = Command::new("sh").args(["-c", &command]).status();
        sent.map(|_| ()).map_err(|error| format!("kill: {error}"))
    }

    /// Asks the window to end as the system does when the session ends, and waits for it.
    pub fn end(&mut self, within: Duration) -> Result<(), String> {
        self.signal("TERM")?;
        let start = Instant::now();
        while start.elapsed() < within {
            if self.child().try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the window did not end within {within:?}"))
    }
}

impl Drop for Window {
    /// What the window said is worth reading when the test failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the window said:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}
