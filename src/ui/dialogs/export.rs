//! Export a prefix to a file.

use std::path::{Path, PathBuf};

use egui::{Align, Label, Layout, Ui, vec2};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first, key_field, radius};
use crate::action::{Action, Actions};
use crate::model::dialog::FileQuestion;
use crate::model::session::Session;
use crate::model::transfer::{ExportFormat, ExportRequest};
use crate::model::world::World;
use crate::ui::theme::{self, size};
use crate::ui::widgets::field::{check_box, field_label, text_field};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::{Button, segmented};

/// How many keys a prefix holds, as counted last.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    prefix: Option<Vec<u8>>,
    keys: u64,
}

impl Counted {
    /// Counts when the prefix is another one; a prefix that is no folder is walked through.
    fn keys(&mut self, session: &Session, prefix: &[u8]) -> u64 {
        if let Some(folder) = session.keyspace.folder(prefix) {
            return folder.keys();
        }
        if self.prefix.as_deref() != Some(prefix) {
            self.keys = session.keyspace.count_prefix(prefix);
            self.prefix = Some(prefix.to_vec());
        }
        self.keys
    }
}

/// A file name that says what is in it, in the operator's own folder.
pub fn suggested_path(session: &Session, prefix: &[u8]) -> String {
    let name = suggested_name(session, prefix, ExportFormat::Json);
    let folder = directories::UserDirs::new()
        .map(|dirs| dirs.document_dir().unwrap_or_else(|| dirs.home_dir()).to_path_buf());
    folder.unwrap_or_default().join(name).display().to_string()
}

fn suggested_name(session: &Session, prefix: &[u8], format: ExportFormat) -> String {
    let mut name = plain(session.profile.name.as_bytes());
    let below = plain(prefix);
    if !below.is_empty() {
        name.push('-');
        name.push_str(&below);
    }
    format!("{name}-r{}.{}", session.applied, format.extension())
}

/// Letters, digits and dots of some bytes, the rest as single dashes; at most 60.
fn plain(bytes: &[u8]) -> String {
    let mut name = String::new();
    for byte in bytes.iter().copied().take(60) {
        if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' {
            name.push(char::from(byte));
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches(['-', '.']).to_owned()
}

pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    form: &mut Form,
    chosen_serial: &mut u64,
    actions: &mut Actions,
) -> Ending {
    if let Some(chosen) = &world.chosen_file
        && chosen.serial > *chosen_serial
        && matches!(chosen.question, FileQuestion::ExportTo(_))
    {
        *chosen_serial = chosen.serial;
        form.second = chosen.path.display().to_string();
    }
    let title = t!("dialogs.export.title");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog export"), &title, size::DIALOG_WIDE, |ui| {
        contents(ui, session, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, form: &mut Form, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    let id = field_id("export prefix");
    focus_first(ui, form, id);
    let label = if form.only_key { t!("dialogs.export.key") } else { t!("dialogs.export.prefix") };
    let prefix = key_field::show(ui, id, &label, &mut form.text);
    let keys = match &prefix {
        None => 0,
        Some(key) if form.only_key => u64::from(session.keyspace.get(key).is_some()),
        Some(prefix) => form.counted.keys(session, prefix),
    };
    if prefix.is_some() {
        let revision = session.applied;
        let words = t!("dialogs.export.what", keys = radius::keys(keys), revision = revision);
        ui.add(Label::new(tokens.meta(words)).wrap());
    }
    check_box(ui, &mut form.only_key, &t!("dialogs.export.only_key"), None);
    ui.add_space(size::PAD);
    format(ui, form);
    ui.add_space(size::PAD);
    let path_id = file(ui, form, actions);
    ui.add_space(size::GRID);
    ui.add(Label::new(tokens.hint(t!("dialogs.export.hint"))).wrap());

    let path = form.second.trim();
    let ready = prefix.filter(|_| !path.is_empty() && keys > 0);
    let enter = entered(ui, &[id, path_id]);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let words = t!("dialogs.export.action");
        let pressed = Button::primary(&words).enabled(ready.is_some()).show(ui).clicked();
        if let Some(prefix) = ready
            && (pressed || enter)
        {
            let (format, only_key) = (chosen_format(form), form.only_key);
            let request = ExportRequest { prefix, only_key, format, path: PathBuf::from(path) };
            actions.push(Action::Export(request));
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

fn chosen_format(form: &Form) -> ExportFormat {
    if form.yaml { ExportFormat::Yaml } else { ExportFormat::Json }
}

fn format(ui: &mut Ui, form: &mut Form) {
    let tokens = theme::tokens(ui);
    field_label(ui, &t!("dialogs.export.format"));
    let chosen = chosen_format(form);
    let choices = [(ExportFormat::Json, "JSON"), (ExportFormat::Yaml, "YAML")];
    if let Some(format) = segmented(ui, chosen, &choices) {
        form.yaml = format == ExportFormat::Yaml;
        let path = Path::new(&form.second);
        let known = path.extension().is_some_and(|extension| {
            ["json", "yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        if known {
            form.second = path.with_extension(format.extension()).display().to_string();
        }
    }
    let hint = if form.yaml { t!("dialogs.export.yaml_hint") } else { t!("dialogs.export.json_hint") };
    ui.add(Label::new(tokens.hint(hint)).wrap());
}

/// The file: typed, or chosen with the system's dialog where there is one.
fn file(ui: &mut Ui, form: &mut Form, actions: &mut Actions) -> egui::Id {
    let label = t!("dialogs.export.file");
    field_label(ui, &label);
    let id = field_id("export file");
    let room = vec2(ui.available_width(), size::CONTROL);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        if Button::quiet(&t!("dialogs.export.browse")).show(ui).clicked() {
            let name = Path::new(&form.second).file_name().map(|name| name.to_string_lossy().into_owned());
            actions.push(Action::ChooseFile(FileQuestion::ExportTo(name.unwrap_or_default())));
        }
        text_field(ui, id, &mut form.second, &label, "");
    });
    id
}

#[cfg(test)]
mod tests {
    use super::{plain, suggested_name};
    use crate::model::message::SessionId;
    use crate::model::profile::Profile;
    use crate::model::session::Session;
    use crate::model::transfer::ExportFormat;

    #[test]
    fn file_names_are_plain_whatever_the_prefix_is() {
        assert_eq!(plain(b"/config/prod/"), "config-prod");
        assert_eq!(plain(b"../../etc/passwd"), "etc-passwd");
        assert_eq!(plain(b"\xff\0/"), "");
        let profile = Profile { name: "prod eu".into(), ..Profile::default() };
        let mut session = Session::new(SessionId(1), profile);
        session.applied = 7;
        assert_eq!(suggested_name(&session, b"/a/", ExportFormat::Yaml), "prod-eu-a-r7.yaml");
    }
}
