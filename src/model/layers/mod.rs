//! Layered configuration: what every environment begins with, what each of them says otherwise, and
//! what it really has in the end.
//!
//! Layers are folders (`config/common/…` under `config/production/…`) or files
//! (`application.yaml` under `application-production.yaml`). Laid on each other the upper one wins:
//! of folders key by key, unless the profile says that structured values are merged; of files path by
//! path. Maps are merged name by name; lists and single values replace what is below; `null` is a
//! value that replaces, too, and never removes.

mod board;
mod compare;
mod doc;
mod effective;
mod export;
mod find;
mod json;
mod loaded;
mod open;
mod promote;
mod properties;
mod secret;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod write;
mod yaml;

pub use board::{Board, Cell, Item, MAX_KEYS, ReadValues};
pub use compare::{Difference, Pair, Side};
pub use doc::{Doc, DocKind, DocPath, path_text};
pub use effective::{Effective, Row, Said, Shown};
pub use find::{Layer, LayerSet, LayerStyle, find};
pub use loaded::LoadedLayers;
pub use open::{Change, Changed, MAX_OPENED, Opened, change, open, parse};
pub use promote::{Pick, Promotion, Refusal};
pub use secret::looks_secret;
pub use settings::LayerSettings;
pub use table::{Counts, Group, Line, Lines, Mode, Query, Table};
pub use write::document;
