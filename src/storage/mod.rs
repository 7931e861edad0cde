//! Files: profiles, settings, drafts, secrets in the keyring, export files.
//!
//! Everything here blocks; the backend calls it off the window's thread. Files belong to their
//! owner alone, are replaced as a whole, and what cannot be read is reported and left as it is.

pub mod audit;
mod database;
mod drafts;
pub mod environment;
pub mod export;
mod files;
pub mod journal;
mod owner;
pub mod plans;
mod profiles;
pub mod secrets;
mod settings;

use std::path::{Path, PathBuf};

use crate::model::document::Draft;
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::Profile;
use crate::model::settings::Settings;

/// The variable that names one folder for everything, in place of the platform's folders.
pub const HOME_VARIABLE: &str = "ETCDSCOPE_HOME";

/// Creates a file, or empties it, for its owner alone.
///
/// # Errors
/// The system's, where it cannot be created or belongs to someone else.
pub fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    let file = files::owner_only(options.write(true).create(true).truncate(true)).open(path)?;
    files::restrict(&file)?;
    Ok(file)
}

/// What is on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Profiles, sorted by name.
    pub profiles: Vec<Profile>,
    /// Settings; the defaults where there are none or they cannot be read.
    pub settings: Settings,
    /// Drafts of this process and of those that are gone, the one changed last first.
    pub drafts: Vec<Draft>,
    /// What could not be read, if anything; those files are left as they are.
    pub fault: Option<Fault>,
}

/// The console's files. Cheap to clone; several at once, also of other processes, do not harm each
/// other.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Where profiles and settings lie. `None`: this system has no place for them.
    config: Option<PathBuf>,
    /// Where drafts lie.
    drafts: Option<PathBuf>,
    /// Where the audit log lies.
    audit: Option<PathBuf>,
    /// Where plans lie.
    plans: Option<PathBuf>,
    /// Where journals lie.
    journals: Option<PathBuf>,
}

impl Storage {
    /// The storage in this folder; `None`: in the folder that `ETCDSCOPE_HOME` names, else in the
    /// platform's folders for configuration and data. Nothing is created before something is kept.
    #[must_use]
    pub fn open(home: Option<PathBuf>) -> Self {
        let variable = || std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()).map(PathBuf::from);
        if let Some(home) = home.or_else(variable) {
            return Self {
                drafts: Some(home.join("drafts")),
                audit: Some(home.join("audit")),
                plans: Some(home.join("plans")),
                journals: Some(home.join("journal")),
                config: Some(home),
            };
        }
        let folders = directories::ProjectDirs::from("", "", "etcdscope");
        Self {
            config: folders.as_ref().map(|folders| folders.config_dir().to_owned()),
            drafts: folders.as_ref().map(|folders| folders.data_dir().join("drafts")),
            audit: folders.as_ref().map(|folders| folders.data_dir().join("audit")),
            plans: folders.as_ref().map(|folders| folders.data_dir().join("plans")),
            journals: folders.as_ref().map(|folders| folders.data_dir().join("journal")),
        }
    }

    /// Reads the profiles alone, and takes no drafts over. What cannot be read is left out.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile> {
        let mut faults = Vec::new();
        self.config.as_ref().map_or_else(Vec::new, |config| profiles::load(config, &mut faults))
    }

    /// Reads everything; drafts that a window left which is gone are this process's from now on,
    /// those of windows that live stay theirs. What cannot be read is left as it is and told in `fault`.
    #[must_use]
    pub fn load(&self) -> Stored {
        let mut faults = Vec::new();
        let mut stored = Stored::default();
        if let Some(config) = &self.config {
            files::remove_leftovers(config);
            stored.profiles = profiles::load(config, &mut faults);
            stored.settings = settings::load(config, &mut faults);
        }
        if let Some(folder) = &self.drafts {
            files::remove_leftovers(folder);
            stored.drafts = drafts::load(folder, &mut faults);
        }
        stored.fault = joined(faults);
        stored
    }

    /// Keeps a profile under its name. With `renamed_from` it takes that profile's place, and its
    /// drafts come along.
    ///
    /// # Errors
    /// [`FaultKind::Invalid`] where the name is empty, another profile has the new name, or an
    /// endpoint contains a password; [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn keep_profile(&self, profile: &Profile, renamed_from: Option<&str>) -> Result<(), Fault> {
        profiles::keep(self.config()?, profile, renamed_from)?;
        match renamed_from.filter(|before| *before != profile.name) {
            Some(before) => drafts::rename_profile(self.drafts()?, before, &profile.name),
            None => Ok(()),
        }
    }

    /// Removes a profile; one that is not there is fine. Its drafts stay: they were typed by hand.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn remove_profile(&self, name: &str) -> Result<(), Fault> {
        profiles::remove(self.config()?, name)
    }

    /// Keeps the settings.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn keep_settings(&self, settings: &Settings) -> Result<(), Fault> {
        settings::keep(self.config()?, settings)
    }

    /// Keeps a draft: when this returns, it survives a crash of the machine.
    ///
    /// # Errors
    /// [`FaultKind::File`], [`FaultKind::DiskFull`].
    pub fn keep_draft(&self, draft: &Draft) -> Result<(), Fault> {
        drafts::keep(self.drafts()?, draft)
    }

    /// Forgets this process's draft of this key of this profile, if there is one.
    ///
    /// # Errors
    /// [`FaultKind::File`].
    pub fn drop_draft(&self, profile: &str, key: &[u8]) -> Result<(), Fault> {
        drafts::forget(self.drafts()?, profile, key)
    }

    /// The journals of clusters.
    ///
    /// # Errors
    /// [`FaultKind::File`] where this system has no place for them.
    pub fn journals(&self) -> Result<journal::JournalFolder, Fault> {
        self.journals.clone().map(journal::JournalFolder::new).ok_or_else(no_folder)
    }

    /// The folder of the audit log.
    ///
    /// # Errors
    /// [`FaultKind::File`] where this user has no place for files.
    pub fn audit(&self) -> Result<&Path, Fault> {
        self.audit.as_deref().ok_or_else(no_folder)
    }

    fn config(&self) -> Result<&Path, Fault> {
        self.config.as_deref().ok_or_else(no_folder)
    }

    fn drafts(&self) -> Result<&Path, Fault> {
        self.drafts.as_deref().ok_or_else(no_folder)
    }
}

fn no_folder() -> Fault {
    Fault::new(FaultKind::File, format!("this user has no home folder; {HOME_VARIABLE} can name a place"))
}

/// Several faults as one: of the first one's kind, telling all.
fn joined(faults: Vec<Fault>) -> Option<Fault> {
    let kind = faults.first()?.kind;
    let details: Vec<String> = faults.into_iter().map(|fault| fault.detail).collect();
    Some(Fault::new(kind, details.join("\n")))
}

#[cfg(test)]
mod tests;
