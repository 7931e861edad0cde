//! Values that are fetched: not asked, pending, ready or failed, always keeping the previous value,
//! so that a refresh never blanks the screen.

use super::fault::Fault;

/// Where a fetched value stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LoadState {
    /// Nobody has asked for it yet.
    #[default]
    NotAsked,
    /// Asked for; the answer is under way.
    Pending,
    /// Answered.
    Ready,
    /// The last attempt failed.
    Failed(Fault),
}

/// A fetched value with the state of its newest request.
#[derive(Clone, Debug)]
pub struct Loadable<T> {
    value: Option<T>,
    state: LoadState,
}

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self { value: None, state: LoadState::NotAsked }
    }
}

impl<T> Loadable<T> {
    /// A value that is already here.
    pub fn ready(value: T) -> Self {
        Self { value: Some(value), state: LoadState::Ready }
    }

    /// The newest value that was ever received, also while a newer one is under way.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, to be changed in place.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Where the newest request stands.
    pub fn state(&self) -> &LoadState {
        &self.state
    }

    /// Whether an answer is under way.
    pub fn is_pending(&self) -> bool {
        self.state == LoadState::Pending
    }

    /// The fault of the newest request, if it failed.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.state {
            LoadState::Failed(fault) => Some(fault),
            _ => None,
        }
    }

    /// Notes that it was asked for.
    pub fn ask(&mut self) {
        self.state = LoadState::Pending;
    }

    /// Takes an answer; a failure keeps the previous value.
    pub fn answer(&mut self, answer: Result<T, Fault>) {
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.state = LoadState::Ready;
            }
            Err(fault) => self.state = LoadState::Failed(fault),
        }
    }
}
