//! The network between the console and a member: a TCP proxy that delays, swallows, cuts, resets,
//! says nothing, and loses the answer to a write that was committed.

mod frames;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use frames::{Frames, Kind};

/// What the network is like.
#[derive(Clone, Default)]
struct Weather {
    closed: bool,
    blackhole: bool,
    swallow_requests: bool,
    swallow_answers: bool,
    delay: Duration,
    /// The answer to a request that contains this is lost.
    lose_answer_to: Option<Vec<u8>>,
}

/// How connections end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// As a program ends that closes its sockets.
    Close,
    /// By an RST.
    Reset,
}

/// What all connections through a proxy share.
struct Line {
    target: String,
    weather: watch::Receiver<Weather>,
    ends: broadcast::Sender<End>,
    open: AtomicUsize,
    lost_answers: AtomicUsize,
}

/// A proxy to one member. Dropping it ends its connections and closes its port.
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    line: Arc<Line>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

impl Proxy {
    /// A proxy to `http://host:port`.
    pub async fn start(target: &str) -> Self {
        let target = target.split("://").last().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (weather, told) = watch::channel(Weather::default());
        let (ends, _) = broadcast::channel(4);
        let (open, lost_answers) = Default::default();
        let line = Arc::new(Line { target, weather: told, ends, open, lost_answers });
        let lines = line.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !lines.weather.borrow().closed {
                    // Told of every end from now on, even before it first runs.
                    tokio::spawn(serve(client, lines.clone(), lines.ends.subscribe()));
                }
            }
        });
        Self { port, weather, line, task }
    }

    /// Where the proxy listens, as `http://host:port`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends every connection; new ones are taken.
    pub fn cut(&self) {
        self.end(End::Close);
    }

    /// Ends every connection by an RST; new ones are taken.
    pub fn reset(&self) {
        self.end(End::Reset);
    }

    fn end(&self, how: End) {
        // Without a connection nobody listens.
        let _nobody = self.line.ends.send(how);
    }

    fn set(&self, change: impl FnOnce(&mut Weather)) {
        self.weather.send_modify(change);
    }

    /// Ends every connection and ends each new one at once (or takes them again).
    pub fn close(&self, closed: bool) {
        self.set(|weather| weather.closed = closed);
        if closed {
            self.cut();
        }
    }

    /// Takes connections and answers nothing, in those that stand as well. Afterwards (`false`)
    /// connections that began meanwhile are still dead, as after a restart behind a firewall.
    pub fn blackhole(&self, blackhole: bool) {
        self.set(|weather| weather.blackhole = blackhole);
    }

    /// Keeps what the console sends. Like a network that heals, `false` brings it late, unless the
    /// connection has ended meanwhile by [`Proxy::cut`] or [`Proxy::reset`].
    pub fn swallow_requests(&self, swallow: bool) {
        self.set(|weather| weather.swallow_requests = swallow);
    }

    /// Keeps what the member sends, like [`Proxy::swallow_requests`].
    pub fn swallow_answers(&self, swallow: bool) {
        self.set(|weather| weather.swallow_answers = swallow);
    }

    /// Everything takes so much longer, each way.
    pub fn delay(&self, delay: Duration) {
        self.set(|weather| weather.delay = delay);
    }

    /// Resets the connection when the member begins to answer a request that contains `marker`
    /// (the value written, say): the write is committed and nobody hears of it. Plain text alone.
    pub fn lose_answer_to(&self, marker: Option<&[u8]>) {
        self.set(|weather| weather.lose_answer_to = marker.map(<[u8]>::to_vec));
    }

    /// Answers lost by [`Proxy::lose_answer_to`] so far.
    pub fn lost_answers(&self) -> usize {
        self.line.lost_answers.load(Ordering::SeqCst)
    }

    /// Connections that stand.
    pub fn connections(&self) -> usize {
        self.line.open.load(Ordering::SeqCst)
    }
}

/// Counts a connection for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(mut client: TcpStream, line: Arc<Line>, mut ends: broadcast::Receiver<End>) {
    let _counted = Counted::new(&line.open);
    let end = tokio::select! {
        // What ends goes before what would still be carried.
        biased;
        end = ends.recv() => end.unwrap_or(End::Close),
        end = pump(&mut client, &line) => end,
    };
    if end == End::Reset {
        client.set_zero_linger().unwrap();
    }
}

/// Carries bytes both ways until one side ends.
async fn pump(client: &mut TcpStream, line: &Line) -> End {
    if line.weather.borrow().blackhole {
        return swallow(client).await;
    }
    let Ok(mut server) = TcpStream::connect(&line.target).await else { return End::Close };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let unanswered = Mutex::default();
    let requests = Way { line, unanswered: &unanswered, answers: false };
    let answers = Way { line, unanswered: &unanswered, answers: true };
    tokio::select! {
        end = requests.carry(from_client, to_server) => end,
        end = answers.carry(from_server, to_client) => end,
    }
}

async fn swallow(client: &mut TcpStream) -> End {
    let mut buffer = [0; 4096];
    while let Ok(1..) = client.read(&mut buffer).await {}
    End::Close
}

/// One direction of a connection.
struct Way<'a> {
    line: &'a Line,
    /// HTTP/2 streams whose answer is to be lost.
    unanswered: &'a Mutex<Vec<u32>>,
    answers: bool,
}

impl Way<'_> {
    async fn carry(self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> End {
        // Between the two halves bytes are on their way.
        let (sent, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(64);
        let taking = async move {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(length @ 1..) = from.read(&mut buffer).await {
                if sent.send((Instant::now(), buffer[..length].to_vec())).await.is_err() {
                    break;
                }
            }
            Ok(())
        };
        let giving = async {
            let mut weather = self.line.weather.clone();
            let mut frames = Frames::new(!self.answers);
            while let Some((when, bytes)) = arriving.recv().await {
                let delay = weather.borrow().delay;
                tokio::time::sleep_until(when + delay).await;
                let passes = |weather: &Weather| !weather.blackhole && !self.swallows(weather);
                // The proxy is gone when this fails, and the connection with it.
                let marker = weather.wait_for(passes).await.map_err(|_| End::Close)?.lose_answer_to.clone();
                if self.loses(&frames.take(&bytes), marker.as_deref()) {
                    self.line.lost_answers.fetch_add(1, Ordering::SeqCst);
                    return Err(End::Reset);
                }
                to.write_all(&bytes).await.map_err(|_| End::Close)?;
            }
            Ok(())
        };
        match tokio::try_join!(taking, giving) {
            Ok(((), ())) => End::Close,
            Err(end) => end,
        }
    }

    fn swallows(&self, weather: &Weather) -> bool {
        if self.answers { weather.swallow_answers } else { weather.swallow_requests }
    }

    /// Whether the answer to a marked request begins with these frames.
    fn loses(&self, frames: &[frames::Frame], marker: Option<&[u8]>) -> bool {
        let mut unanswered = self.unanswered.lock().unwrap();
        if self.answers {
            let begins =
                |frame: &frames::Frame| frame.kind == Kind::Headers && unanswered.contains(&frame.stream);
            return frames.iter().any(begins);
        }
        let Some(marker) = marker else { return false };
        let marked = |frame: &&frames::Frame| {
            frame.kind == Kind::Data && frame.payload.windows(marker.len()).any(|part| part == marker)
        };
        unanswered.extend(frames.iter().filter(marked).map(|frame| frame.stream));
        false
    }
}
