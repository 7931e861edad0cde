//! Work beside the window's thread: comparing, merging, checking and colouring large values. The window
//! goes on drawing what it has, and is drawn again when the answer is there.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use egui::Context;

/// Work under way; dropping it means that nobody wants the answer any more.
pub struct Beside<T>(Receiver<T>);

/// How the work stands.
pub enum Answer<T> {
    /// It is going on.
    Working,
    /// It is done.
    Ready(T),
    /// It broke off, or could not be begun. What comes out of it will never be known.
    Failed,
}

/// The sender goes before the window is woken, so that a window that is drawn because the work broke
/// off sees that it did.
struct Reply<T> {
    sender: Sender<T>,
    _wake: Wake,
}

struct Wake(Context);

impl Drop for Wake {
    fn drop(&mut self) {
        self.0.request_repaint();
    }
}

impl<T: Send + 'static> Beside<T> {
    /// Begins the work on a thread of this name.
    pub fn start(ctx: &Context, name: &str, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        let reply = Reply { sender, _wake: Wake(ctx.clone()) };
        let run = move || {
            if reply.sender.send(work()).is_err() {
                tracing::debug!("nobody waits for what was worked out");
            }
            drop(reply);
        };
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(run) {
            tracing::error!(%error, name, "no thread for work beside the window");
        }
        Self(receiver)
    }

    /// The answer, if it is there. It is given once.
    #[must_use]
    pub fn take(&self) -> Answer<T> {
        match self.0.try_recv() {
            Ok(answer) => Answer::Ready(answer),
            Err(TryRecvError::Empty) => Answer::Working,
            Err(TryRecvError::Disconnected) => Answer::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Answer, Beside};

    fn settled<T: Send + 'static>(beside: &Beside<T>) -> Answer<T> {
        let start = Instant::now();
        loop {
            match beside.take() {
                Answer::Working if start.elapsed() < Duration::from_secs(30) => std::thread::yield_now(),
                answer => return answer,
            }
        }
    }

    #[test]
    fn the_window_is_drawn_again_when_the_answer_is_there() {
        let ctx = egui::Context::default();
        let (woken, waked) = std::sync::mpsc::channel();
        ctx.set_request_repaint_callback(move |_| woken.send(()).unwrap_or_default());
        let beside = Beside::start(&ctx, "sum", || 1 + 1);
        assert!(waked.recv_timeout(Duration::from_secs(30)).is_ok());
        assert!(matches!(beside.take(), Answer::Ready(2)), "the answer is there before the window is woken");
    }

    #[test]
    fn work_that_breaks_off_is_not_waited_for() {
        let ctx = egui::Context::default();
        let beside: Beside<u8> = Beside::start(&ctx, "broken", || std::panic::resume_unwind(Box::new(())));
        assert!(matches!(settled(&beside), Answer::Failed));
    }
}
