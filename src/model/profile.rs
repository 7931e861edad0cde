//! A connection profile: everything needed to reach one cluster, except its secrets.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::coordination::CoordinationSettings;
use super::journal::JournalSettings;
use super::layers::LayerSettings;
use super::schema::SchemaSettings;

/// A password. Never written to a file or a log: `Debug` hides it, and it has no `Serialize`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// TLS settings of a profile. TLS is used when `enabled`, or when an endpoint says `https://`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsSettings {
    /// Whether to speak TLS to endpoints without a scheme.
    pub enabled: bool,
    /// PEM file of the authority that signed the servers' certificates; `None`: the system's roots.
    pub ca_file: Option<PathBuf>,
    /// PEM file of our own certificate, for clusters that ask for one.
    pub cert_file: Option<PathBuf>,
    /// PEM file of the key of `cert_file`.
    pub key_file: Option<PathBuf>,
    /// The name to expect in the servers' certificates, where it differs from the host name.
    pub server_name: Option<String>,
}

/// The colour that marks a profile's tab and the window's edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileColour {
    /// No mark.
    #[default]
    None,
    /// Blue.
    Blue,
    /// Green.
    Green,
    /// Amber.
    Amber,
    /// Purple.
    Purple,
    /// Red: the danger edge. A red profile counts as production: destructive actions ask for the
    /// name to be typed.
    Red,
}

impl ProfileColour {
    /// Every colour, in the order of the chooser.
    pub const ALL: [Self; 6] = [Self::None, Self::Blue, Self::Green, Self::Amber, Self::Purple, Self::Red];
}

/// A connection profile, as kept in `profiles.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Unique name, shown on the tab.
    pub name: String,
    /// `host:port` or URLs, one for each member.
    pub endpoints: Vec<String>,
    /// The user, where the cluster has authentication switched on.
    pub user: Option<String>,
    /// TLS.
    pub tls: TlsSettings,
    /// Refuse every write where commands are executed.
    pub read_only: bool,
    /// Colour of the tab and the window's edge.
    pub colour: ProfileColour,
    /// The byte that separates folders, `/` by default.
    pub separator: char,
    /// Favourite keys and prefixes, in base64 (keys need not be text).
    pub favourites: Vec<String>,
    /// What is recorded of the cluster on this machine.
    pub journal: JournalSettings,
    /// What the values of keys must be.
    pub schemas: SchemaSettings,
    /// How configuration is layered.
    pub layers: LayerSettings,
    /// What services, locks and elections are, beyond their shape, and what is told of them.
    pub coordination: CoordinationSettings,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: String::new(),
            endpoints: Vec::new(),
            user: None,
            tls: TlsSettings::default(),
            read_only: false,
            colour: ProfileColour::None,
            separator: '/',
            favourites: Vec::new(),
            journal: JournalSettings::default(),
            schemas: SchemaSettings::default(),
            layers: LayerSettings::default(),
            coordination: CoordinationSettings::default(),
        }
    }
}

impl Profile {
    /// Whether destructive actions ask for the name to be typed.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.colour == ProfileColour::Red
    }

    /// The separator as the byte that key bytes are split at (`/` where it is not ASCII).
    #[must_use]
    pub fn separator_byte(&self) -> u8 {
        u8::try_from(self.separator).ok().filter(u8::is_ascii).unwrap_or(b'/')
    }
}
