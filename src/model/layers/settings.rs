//! How a profile's configuration is layered, where the operator has said so.

use serde::{Deserialize, Serialize};

/// How configuration is layered. Everything that is empty is found out by looking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LayerSettings {
    /// The folder that holds the layers, as keys are shown (`/config/`); empty: detected.
    pub base: String,
    /// Name of the layer that every environment lies over; empty: detected.
    pub common: String,
    /// Names of further layers between the common one and the environments, lowest first.
    pub order: Vec<String>,
    /// Names of the environments, in the order of their tabs; empty: detected.
    pub environments: Vec<String>,
    /// Merge structured values of folders by path, instead of a key replacing the one below it.
    /// (Files named for an environment are always merged.)
    pub deep: bool,
}
