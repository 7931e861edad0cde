//! Passwords in the system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Where there is none, passwords are asked for each time; they are never written to a file. The
//! keyring is another program that may be missing, asking its owner to unlock it, or hanging, so it
//! is spoken to from a thread of its own and waited for within limits.

use std::sync::mpsc;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use keyring::{Entry, Error};

use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::Secret;

/// The variable that switches the keyring off when it says `off`.
pub const VARIABLE: &str = "ETCDSCOPE_KEYRING";

/// The service that entries are kept under; the account is the profile's name.
const SERVICE: &str = "etcdscope";
/// How long to wait for the keyring to be there.
const REACH_TIME: Duration = Duration::from_secs(3);
/// How long to wait for an answer: the keyring may be asking its owner to unlock it.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// The keyring, or the decision to use none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets {
    on: bool,
}

impl Secrets {
    /// The system's keyring, unless `ETCDSCOPE_KEYRING=off`.
    #[must_use]
    pub fn open() -> Self {
        Self::from_choice(std::env::var(VARIABLE).ok().as_deref())
    }

    /// No keyring: nothing is kept, nothing is found.
    #[must_use]
    pub fn off() -> Self {
        Self { on: false }
    }

    fn from_choice(choice: Option<&str>) -> Self {
        let off = choice
            .is_some_and(|choice| matches!(choice.trim().to_ascii_lowercase().as_str(), "off" | "0" | "no"));
        Self { on: !off }
    }

    /// Keeps a profile's password; an empty one is removed.
    ///
    /// # Errors
    /// [`FaultKind::Keyring`]: it is not kept and has to be asked for each time.
    pub fn keep(self, profile: &str, secret: &Secret) -> Result<(), Fault> {
        if secret.0.is_empty() {
            return self.remove(profile);
        }
        if !self.on {
            return Err(Fault::new(FaultKind::Keyring, format!("switched off by {VARIABLE}")));
        }
        let password = secret.clone();
        ask(profile, move |entry| entry.set_password(&password.0))
    }

    /// The password of a profile, if one is kept. Switched off, there is none.
    ///
    /// # Errors
    /// [`FaultKind::Keyring`] where the keyring cannot be asked.
    pub fn read(self, profile: &str) -> Result<Option<Secret>, Fault> {
        if !self.on {
            return Ok(None);
        }
        ask(profile, |entry| match entry.get_password() {
            Ok(password) => Ok(Some(Secret(password))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Removes a profile's password; none is fine, and so is having no keyring.
    ///
    /// # Errors
    /// [`FaultKind::Keyring`] where the keyring does not do it (it may be locked).
    pub fn remove(self, profile: &str) -> Result<(), Fault> {
        // Where there is no keyring there is nothing in it.
        if !self.on || reach().is_err() {
            return Ok(());
        }
        ask(profile, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            other => other,
        })
    }

    /// Takes a password along when its profile is renamed.
    ///
    /// # Errors
    /// [`FaultKind::Keyring`] where the keyring cannot be asked; the old entry then stays.
    pub fn rename(self, before: &str, now: &str) -> Result<(), Fault> {
        if before == now {
            return Ok(());
        }
        if let Some(secret) = self.read(before)? {
            self.keep(now, &secret)?;
            self.remove(before)?;
        }
        Ok(())
    }
}

/// Asks the keyring about a profile's entry.
fn ask<T: Send + 'static>(
    profile: &str,
    question: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
) -> Result<T, Fault> {
    reach()?;
    let account = profile.to_owned();
    let answer = on_thread(ANSWER_TIME, move || question(&Entry::new(SERVICE, &account)?))?;
    answer.map_err(|error| fault(&error))
}

/// Whether there is a keyring: found out once, in a thread that may hang without harm.
fn reach() -> Result<(), Fault> {
    static REACHED: OnceLock<Result<(), Fault>> = OnceLock::new();
    static STARTED: Mutex<Option<Instant>> = Mutex::new(None);

    if let Some(reached) = REACHED.get() {
        return reached.clone();
    }
    let started = {
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        match *started {
            Some(at) => at,
            None => {
                spawn(|| {
                    let status = match Entry::store_status() {
                        Ok(()) => Ok(()),
                        Err(error) => Err(fault(error)),
                    };
                    REACHED.get_or_init(|| status);
                })?;
                *started.insert(Instant::now())
            }
        }
    };
    while REACHED.get().is_none() && started.elapsed() < REACH_TIME {
        std::thread::sleep(Duration::from_millis(5));
    }
    REACHED.get().cloned().unwrap_or_else(|| Err(no_answer(REACH_TIME)))
}

/// Runs a question in a thread of its own and waits for its answer, no longer than `limit`.
fn on_thread<T: Send + 'static>(
    limit: Duration,
    question: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let (sender, receiver) = mpsc::sync_channel(1);
    spawn(move || {
        // Nobody listens any more when the limit has passed.
        if sender.send(question()).is_err() {
            tracing::debug!("the keyring answered too late");
        }
    })?;
    receiver.recv_timeout(limit).map_err(|_| no_answer(limit))
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = std::thread::Builder::new().name("keyring".to_owned()).spawn(work);
    thread.map(drop).map_err(|error| Fault::new(FaultKind::Keyring, error.to_string()))
}

fn no_answer(limit: Duration) -> Fault {
    Fault::new(FaultKind::Keyring, format!("no answer within {} s", limit.as_secs()))
}

/// The keyring's error in words. Errors that carry bytes of the secret are named without them.
fn fault(error: &Error) -> Fault {
    Fault::new(FaultKind::Keyring, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_switched_off() {
        for choice in ["off", "OFF", "0", "no"] {
            assert_eq!(Secrets::from_choice(Some(choice)), Secrets::off());
        }
        assert!(Secrets::from_choice(None).on && Secrets::from_choice(Some("on")).on);
        let secrets = Secrets::off();
        assert_eq!(secrets.read("p"), Ok(None));
        assert_eq!(secrets.remove("p"), Ok(()));
        assert_eq!(secrets.rename("p", "q"), Ok(()));
        let kept = secrets.keep("p", &Secret("word".to_owned()));
        assert_eq!(kept.map_err(|fault| fault.kind), Err(FaultKind::Keyring));
    }

    #[test]
    fn a_keyring_that_hangs_is_given_up() {
        let started = Instant::now();
        let answer = on_thread(Duration::from_millis(50), || std::thread::sleep(Duration::from_secs(2)));
        assert_eq!(answer.map_err(|fault| fault.kind), Err(FaultKind::Keyring));
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(on_thread(Duration::from_secs(5), || 7), Ok(7));
    }

    #[test]
    fn errors_do_not_tell_the_secret() {
        for error in [
            Error::BadEncoding(b"pass\xffword".to_vec()),
            Error::BadDataFormat(b"password".to_vec(), "odd".into()),
        ] {
            assert!(!fault(&error).detail.contains("word\""), "{error}");
            assert!(!fault(&error).detail.contains("password"), "{error}");
        }
    }
}
