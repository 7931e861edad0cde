//! A client of the inspection protocol: reads the window's accessibility tree, sends it input,
//! takes its picture.

use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use egui::accesskit::{Node, NodeId, Role, TreeUpdate};
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, TouchPhase};
use egui_inspection::protocol::{
    EncodedPng, PROTOCOL_VERSION, Request, Response, read_handshake, read_message, write_message,
};

/// The window gives up on a request after 20 s and says so; this is for one that doesn't even do
/// that.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A connection to a window.
pub struct Peer(TcpStream);

impl Peer {
    /// Connects; the window may still be starting.
    pub fn connect(address: SocketAddr, within: Duration) -> Result<Self> {
        let deadline = Instant::now() + within;
        let stream = loop {
            match TcpStream::connect(address) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        match read_handshake(&stream)? {
            PROTOCOL_VERSION => Ok(Self(stream)),
            other => Err(Error::new(ErrorKind::InvalidData, format!("protocol version {other}"))),
        }
    }

    fn ask(&self, request: &Request) -> Result<Response> {
        write_message(&self.0, request)?;
        match read_message(&self.0)? {
            Response::Error { message } => Err(Error::other(message)),
            answer => Ok(answer),
        }
    }

    /// Draws a frame and returns what a screen reader would be told.
    pub fn tree(&self) -> Result<Tree> {
        match self.ask(&Request::GetTree)? {
            Response::Tree { accesskit, .. } => Ok(Tree(accesskit)),
            other => Err(unexpected(&other)),
        }
    }

    /// Clicks, one frame for each thing that a hand does.
    fn click(&self, pos: Pos2) -> Result<()> {
        let button = |pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.send(vec![Event::PointerMoved(pos)])?;
        // A hand takes some frames between its moves. Without them, a click right after the start of
        // the window is lost now and then.
        for _ in 0..3 {
            self.send(Vec::new())?;
        }
        self.send(vec![button(true)])?;
        self.send(vec![button(false)])?;
        self.send(Vec::new())
    }

    /// Clicks what has this role and text, once it stands still (a tree that is being listed moves), and
    /// tells where it was.
    pub fn click_on(&self, role: Role, text: &str, within: Duration) -> std::result::Result<Pos2, String> {
        let start = Instant::now();
        let place = || Ok(self.tree()?.place_of(role, text));
        let failed = |error: Error| format!("clicking {text}: {error}");
        let mut before = place().map_err(failed)?;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let now = place().map_err(failed)?;
            if let (true, Some(now)) = (now == before, now) {
                return self.click(now).map(|()| now).map_err(failed);
            }
            if start.elapsed() > within {
                return Err(format!(
                    "no {role:?} {text} that stands still within {within:?}: it was at {before:?}, then at {now:?}"
                ));
            }
            before = now;
        }
    }

    /// Turns the wheel over a place: so many points further down.
    pub fn scroll(&self, at: Pos2, down: f32) -> Result<()> {
        let turn = Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            // egui's says how the content moves.
            delta: egui::vec2(0.0, -down),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        };
        self.send(vec![Event::PointerMoved(at), turn])
    }

    /// Types text into what has the keyboard.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.send(vec![Event::Text(text.to_owned())])
    }

    /// Presses a key and lets it go.
    pub fn press(&self, key: Key, modifiers: Modifiers) -> Result<()> {
        let stroke = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.send(vec![Event::ModifiersChanged(modifiers), stroke(true)])?;
        self.send(vec![stroke(false), Event::ModifiersChanged(Modifiers::NONE)])
    }

    /// Gives the window these events in one frame, which has been drawn when this returns.
    fn send(&self, events: Vec<Event>) -> Result<()> {
        match self.ask(&Request::ApplyEvents { events })? {
            Response::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// The window's picture.
    pub fn picture(&self) -> Result<EncodedPng> {
        match self.ask(&Request::GetScreenshot { pixels_per_point: None })? {
            Response::Screenshot(picture) => Ok(picture),
            other => Err(unexpected(&other)),
        }
    }

    /// Draws frames until the tree has what is looked for.
    pub fn wait_for(
        &self,
        what: &str,
        within: Duration,
        found: impl Fn(&Tree) -> bool,
    ) -> std::result::Result<Duration, String> {
        let start = Instant::now();
        loop {
            let tree = self.tree().map_err(|error| format!("waiting for {what}: {error}"))?;
            if found(&tree) {
                return Ok(start.elapsed());
            }
            if start.elapsed() > within {
                let seen = tree.texts().join("\n  ");
                return Err(format!("no {what} within {within:?}; the window shows\n  {seen}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn unexpected(answer: &Response) -> Error {
    Error::new(ErrorKind::InvalidData, format!("an answer to another request: {answer:?}"))
}

/// What a screen reader would be told.
pub struct Tree(Option<TreeUpdate>);

impl Tree {
    fn nodes(&self) -> impl Iterator<Item = &(NodeId, Node)> {
        self.0.iter().flat_map(|update| &update.nodes)
    }

    /// Whether a node of this role has a name or text that contains this.
    pub fn shows(&self, role: Role, text: &str) -> bool {
        self.of(role, text).next().is_some()
    }

    /// The middle of the first node of this role whose name or text contains this, in points.
    pub fn place_of(&self, role: Role, text: &str) -> Option<Pos2> {
        let bounds = self.of(role, text).find_map(Node::bounds)?;
        #[allow(clippy::cast_possible_truncation, reason = "points on a screen")]
        let middle = [(bounds.x0 + bounds.x1) as f32 / 2.0, (bounds.y0 + bounds.y1) as f32 / 2.0];
        Some(middle.into())
    }

    fn of(&self, role: Role, text: &str) -> impl Iterator<Item = &Node> {
        self.nodes()
            .map(|(_, node)| node)
            .filter(move |node| node.role() == role && names(node).any(|name| name.contains(text)))
    }

    /// Everything named, for messages.
    pub fn texts(&self) -> Vec<String> {
        self.nodes()
            .filter_map(|(_, node)| {
                let text = names(node).collect::<Vec<_>>().join(" | ");
                (!text.is_empty()).then(|| format!("{:?} {text}", node.role()))
            })
            .collect()
    }
}

fn names(node: &Node) -> impl Iterator<Item = &str> {
    [node.label(), node.value(), node.description()].into_iter().flatten().filter(|name| !name.is_empty())
}
