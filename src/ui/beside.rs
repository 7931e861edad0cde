//! Work beside the window's thread: comparing, merging, checking and colouring large values. The window
//! goes on drawing what it has, and is drawn again when the answer is there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, LazyLock};

use egui::{Context, Id};

/// Work under way; dropping it means that nobody wants the answer any more.
pub struct Beside<T>(Receiver<T>);

/// Anything that can be freed elsewhere.
type Freed = Box<dyn Send>;

/// Has something freed on a thread of its own: whoever is the last to hold a picture of thousands of services
/// and locks frees all of it, which takes longer than a frame may.
pub fn free(thing: impl Send + 'static) {
    static FREEING: LazyLock<Sender<Freed>> = LazyLock::new(|| {
        let (sender, receiver) = channel::<Freed>();
        let free = move || receiver.into_iter().for_each(drop);
        if let Err(error) = std::thread::Builder::new().name("free".to_owned()).spawn(free) {
            tracing::warn!(%error, "no thread to free memory on: the window's does it");
        }
        sender
    });
    if let Err(kept) = FREEING.send(Box::new(thing)) {
        drop(kept);
    }
}

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
/// off sees that it did; and the work is over only once the window knows.
struct Reply<T> {
    sender: Sender<T>,
    _wake: Wake,
    _turn: Turn,
}

/// How much work of a window was begun so far, and how much of it is over, whether its answer was
/// drawn or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// So much was begun.
    pub begun: usize,
    /// So much is over.
    pub over: usize,
}

/// How the work of this window stands: for who must not look before all of it is done, as tests and
/// makers of pictures.
#[must_use]
pub fn tally(ctx: &Context) -> Tally {
    let counts = counts(ctx);
    // In this order: what is over was begun.
    let over = counts.over.load(Ordering::SeqCst);
    Tally { begun: counts.begun.load(Ordering::SeqCst), over }
}

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    over: AtomicUsize,
}

fn counts(ctx: &Context) -> Arc<Counts> {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Arc<Counts>>(Id::unique("work beside")).clone())
}

/// Work that was begun, and is over when this goes.
struct Turn(Arc<Counts>);

impl Turn {
    fn begin(ctx: &Context) -> Self {
        let counts = counts(ctx);
        counts.begun.fetch_add(1, Ordering::SeqCst);
        Self(counts)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::SeqCst);
    }
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
        let reply = Reply { sender, _wake: Wake(ctx.clone()), _turn: Turn::begin(ctx) };
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

    use super::{Answer, Beside, Tally, tally};

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

    #[test]
    fn what_is_freed_elsewhere_is_freed() {
        let thing = std::sync::Arc::new(());
        let seen = std::sync::Arc::downgrade(&thing);
        super::free(thing);
        let start = Instant::now();
        while seen.strong_count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "still kept");
            std::thread::yield_now();
        }
    }

    #[test]
    fn work_is_over_when_the_window_knows() {
        let ctx = egui::Context::default();
        assert_eq!(tally(&ctx), Tally { begun: 0, over: 0 });
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let beside = Beside::start(&ctx, "waiting", move || gone.recv().is_ok());
        assert_eq!(tally(&ctx), Tally { begun: 1, over: 0 });
        drop(go);
        let start = Instant::now();
        while tally(&ctx).over == 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "never over");
            std::thread::yield_now();
        }
        assert!(ctx.has_requested_repaint());
        assert!(matches!(beside.take(), Answer::Ready(false)));
    }
}
