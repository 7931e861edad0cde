//! `settings.json`.

use std::path::Path;

use serde_json::{Map, Value};

use super::files::{self, FolderLock};
use super::profiles::{overlay, pretty};
use crate::model::fault::{Fault, FaultKind};
use crate::model::settings::Settings;

const FILE: &str = "settings.json";
/// Zoom outside of this makes the window unusable, whatever a file says.
const ZOOM: std::ops::RangeInclusive<f32> = 0.5..=4.0;

/// Reads the settings; the defaults where there are none.
pub(super) fn load(folder: &Path, faults: &mut Vec<Fault>) -> Settings {
    let path = folder.join(FILE);
    let settings = match files::read(&path) {
        Ok(None) => Settings::default(),
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            faults.push(Fault::new(FaultKind::File, format!("{}: {error}", path.display())));
            Settings::default()
        }),
        Err(fault) => {
            faults.push(fault);
            Settings::default()
        }
    };
    usable(settings)
}

/// Keeps the settings; fields that this version does not know stay.
pub(super) fn keep(folder: &Path, settings: &Settings) -> Result<(), Fault> {
    let fresh = serde_json::to_value(usable(settings.clone()))
        .map_err(|error| Fault::new(FaultKind::Invalid, format!("settings: {error}")))?;
    let _lock = FolderLock::take(folder)?;
    let path = folder.join(FILE);
    let mut document = match files::read(&path)? {
        None => Value::Object(Map::new()),
        Some(bytes) => match serde_json::from_slice::<Settings>(&bytes) {
            Ok(_) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => {
                files::set_aside(&path)?;
                Value::Object(Map::new())
            }
        },
    };
    overlay(&mut document, fresh);
    match document {
        Value::Object(document) => files::replace(&path, &pretty(&document)?),
        _ => Ok(()),
    }
}

fn usable(mut settings: Settings) -> Settings {
    if !settings.zoom.is_finite() {
        settings.zoom = 1.0;
    }
    settings.zoom = settings.zoom.clamp(*ZOOM.start(), *ZOOM.end());
    settings
}
