//! What the pointer tells about a row: the whole key and its metadata.

use egui::{Response, Ui};
use rust_i18n::t;

use super::words;
use crate::model::key_text::display_short;
use crate::model::rows::{Row, RowKind};
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::theme;

/// A key of 64 KB would fill the screen.
const MAX_KEY_CHARS: usize = 600;

/// Shows it when the pointer rests on the row.
pub fn attach(response: Response, world: &World, session: &Session, row: &Row) {
    response.on_hover_ui(|ui| contents(ui, world, session, row));
}

fn contents(ui: &mut Ui, world: &World, session: &Session, row: &Row) {
    let tokens = theme::tokens(ui);
    let key = match display_short(&row.path, MAX_KEY_CHARS) {
        key if key.is_empty() => t!("keys.tree.empty_key").into_owned(),
        key => key.into_owned(),
    };
    ui.label(tokens.mono(key));
    for line in lines(world, session, row) {
        ui.label(tokens.meta(line));
    }
}

fn lines(world: &World, session: &Session, row: &Row) -> Vec<String> {
    let mut lines = Vec::new();
    match &row.kind {
        RowKind::Folder { keys, .. } => {
            lines.push(words::keys(*keys));
            let changes = session.activity.folder_count(&row.path);
            if changes > 0 {
                lines.push(
                    t!("keys.tooltip.minute", changes = words::changes(u64::from(changes))).into_owned(),
                );
            }
        }
        RowKind::Leaf { meta } => {
            let revision = meta.mod_revision;
            lines.push(t!("keys.tooltip.revision", revision = revision, version = meta.version).into_owned());
            if meta.lease != 0 {
                lines.push(t!("keys.tooltip.lease", lease = words::hex(meta.lease)).into_owned());
            }
            if let Some((kind, seen_at)) = session.activity.newest(&row.path) {
                lines.push(words::change_age(kind, seen_at, world.now));
            }
        }
        RowKind::GhostFolder { keys, .. } => lines.push(words::deleted_keys(*keys)),
        RowKind::Ghost => {
            if let Some(deleted) = session.deleted_key(&row.path) {
                lines.push(words::deleted_at(deleted, world.now));
            }
            lines.push(t!("keys.tooltip.undelete").into_owned());
        }
    }
    lines
}
