//! The part of the form about TLS.

use egui::{Id, Ui};
use rust_i18n::t;

use super::{Form, Problems};
use crate::action::{Action, Actions};
use crate::model::dialog::FileQuestion;
use crate::ui::theme::{self, icons, size};
use crate::ui::widgets::Button;
use crate::ui::widgets::field::{check_box, field_error, field_label, mono_field};

/// Draws the switch, and the files once TLS is spoken.
pub(super) fn show(ui: &mut Ui, form: &mut Form, problems: &Problems, pressed: bool, actions: &mut Actions) {
    check_box(ui, &mut form.tls, &t!("connect.tls"), Some(&t!("connect.tls_hint")));
    if !form.uses_tls() {
        return;
    }
    ui.add_space(size::GRID);
    let (name, hint) = (t!("connect.ca_file"), t!("connect.ca_hint"));
    file(ui, &mut form.ca_file, &name, &hint, FileQuestion::AuthorityFile, actions);
    let (name, hint) = (t!("connect.cert_file"), t!("connect.cert_hint"));
    file(ui, &mut form.cert_file, &name, &hint, FileQuestion::CertificateFile, actions);
    let (name, hint) = (t!("connect.key_file"), t!("connect.key_hint"));
    file(ui, &mut form.key_file, &name, &hint, FileQuestion::KeyFile, actions);
    let half = !form.cert_file.is_empty() || !form.key_file.is_empty();
    if let Some(words) = problems.identity.filter(|_| pressed || half) {
        field_error(ui, &t!(words));
    }
    let name = t!("connect.server_name");
    field_label(ui, &name);
    mono_field(
        ui,
        Id::unique("connect server name"),
        &mut form.server_name,
        &name,
        &t!("connect.server_name_hint"),
    );
}

fn file(
    ui: &mut Ui,
    path: &mut String,
    name: &str,
    hint: &str,
    question: FileQuestion,
    actions: &mut Actions,
) {
    field_label(ui, name);
    ui.horizontal(|ui| {
        let tokens = theme::tokens(ui);
        let choose = t!("common.choose_file");
        let font = theme::text::medium();
        let galley = ui.painter().layout_no_wrap(choose.clone().into_owned(), font, tokens.text);
        // The button: its text, its icon, its margins.
        let taken =
            galley.size().x.ceil() + 1.0 + size::ICON + 6.0 + 2.0 * (size::PAD + size::GRID) + size::PAD;
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - taken).max(80.0));
            mono_field(ui, Id::unique(("connect file", &question)), path, name, hint);
        });
        let spoken = t!("connect.choose", name = name);
        let button = Button::quiet(&choose).icon(icons::FOLDER_OPEN).show(ui).accessible_name(spoken);
        if button.clicked() {
            actions.push(Action::ChooseFile(question));
        }
    });
}
