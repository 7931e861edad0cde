//! A TCP proxy that can be cut, closed, and made to swallow one direction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

#[derive(Default)]
struct Mode {
    closed: AtomicBool,
    swallow_requests: AtomicBool,
    swallow_answers: AtomicBool,
}

pub struct Proxy {
    port: u16,
    mode: Arc<Mode>,
    cut: broadcast::Sender<()>,
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
        let mode = Arc::new(Mode::default());
        let (cut, _) = broadcast::channel(4);
        let (modes, cuts) = (mode.clone(), cut.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if modes.closed.load(Ordering::SeqCst) {
                    continue;
                }
                let (modes, mut cut, target) = (modes.clone(), cuts.subscribe(), target.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = pump(client, &target, &modes) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        Self { port, mode, cut, task }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends every connection; new ones are taken.
    pub fn cut(&self) {
        let _nobody = self.cut.send(());
    }

    /// Ends every connection and takes no new one (or takes them again).
    pub fn close(&self, closed: bool) {
        self.mode.closed.store(closed, Ordering::SeqCst);
        if closed {
            self.cut();
        }
    }

    pub fn swallow_requests(&self, swallow: bool) {
        self.mode.swallow_requests.store(swallow, Ordering::SeqCst);
    }

    pub fn swallow_answers(&self, swallow: bool) {
        self.mode.swallow_answers.store(swallow, Ordering::SeqCst);
    }
}

async fn pump(client: TcpStream, target: &str, mode: &Mode) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, &mode.swallow_requests) => {}
        () = copy(from_server, to_client, &mode.swallow_answers) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallow: &AtomicBool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !swallow.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
