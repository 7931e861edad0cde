//! Grant a lease.

use egui::{Label, Ui};
use rust_i18n::t;

use super::{Ending, Form, entered, field_id, focus_first};
use crate::action::{Action, Actions};
use crate::model::session::Session;
use crate::ui::theme::{self, size};
use crate::ui::widgets::field::{field_error, field_label, mono_field, outline_error};
use crate::ui::widgets::modal::{footer, modal};
use crate::ui::widgets::{Button, duration_text};

/// The longest TTL that is offered: a year. (etcd takes up to 285 years, which nobody waits for.)
const LONGEST_SECS: i64 = 365 * 86_400;
/// What the field begins with.
pub(super) const FIRST: &str = "60";

/// What is wrong with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    NoNumber,
    OutOfRange,
    NoId,
    Taken,
}

/// Draws the dialog.
pub(super) fn show(ui: &mut Ui, session: &Session, form: &mut Form, actions: &mut Actions) -> Ending {
    let title = t!("leases.dialog.grant");
    let answer = modal(ui.ctx(), egui::Id::unique("dialog grant lease"), &title, size::DIALOG, |ui| {
        contents(ui, session, form, actions)
    });
    if answer.closed { Ending::Cancelled } else { answer.inner }
}

fn contents(ui: &mut Ui, session: &Session, form: &mut Form, actions: &mut Actions) -> Ending {
    let tokens = theme::tokens(ui);
    let ttl_id = field_id("grant ttl");
    focus_first(ui, form, ttl_id);
    let label = t!("leases.dialog.ttl");
    field_label(ui, &label);
    let field = mono_field(ui, ttl_id, &mut form.text, &label, FIRST);
    let ttl = seconds(&form.text);
    match ttl {
        Ok(secs) if secs >= 60 => {
            ui.label(tokens.hint(duration_text(secs)));
        }
        Ok(_) => {
            ui.label(tokens.hint(t!("leases.dialog.ttl_hint")));
        }
        Err(wrong) => {
            outline_error(ui, &field);
            field_error(ui, &words(wrong));
        }
    }
    ui.add_space(size::PAD);
    let id_id = field_id("grant id");
    let label = t!("leases.dialog.id");
    field_label(ui, &label);
    let field = mono_field(ui, id_id, &mut form.second, &label, &t!("leases.dialog.id_free"));
    let id = chosen_id(&form.second, |id| is_known(session, id));
    match id {
        Ok(_) => {
            ui.add(Label::new(tokens.hint(t!("leases.dialog.id_hint"))).wrap());
        }
        Err(wrong) => {
            outline_error(ui, &field);
            field_error(ui, &words(wrong));
        }
    }
    ui.add_space(size::GRID);
    ui.add(Label::new(tokens.hint(t!("leases.dialog.grant_hint"))).wrap());
    let ready = ttl.ok().zip(id.ok());
    let enter = entered(ui, &[ttl_id, id_id]);
    let mut ending = Ending::Open;
    footer(ui, |ui| {
        let action = t!("leases.dialog.grant_action");
        let pressed = Button::primary(&action).enabled(ready.is_some()).show(ui).clicked();
        if let Some((ttl_secs, id)) = ready
            && (pressed || enter)
        {
            actions.push(Action::GrantLease { ttl_secs, id });
            ending = Ending::Done;
        }
        if Button::quiet(&t!("common.cancel")).show(ui).clicked() {
            ending = Ending::Cancelled;
        }
    });
    ending
}

fn words(wrong: Wrong) -> String {
    match wrong {
        Wrong::NoNumber => t!("leases.dialog.no_number").into_owned(),
        Wrong::OutOfRange => {
            t!("leases.dialog.out_of_range", most = duration_text(LONGEST_SECS)).into_owned()
        }
        Wrong::NoId => t!("leases.dialog.no_id").into_owned(),
        Wrong::Taken => t!("leases.dialog.id_taken").into_owned(),
    }
}

fn seconds(text: &str) -> Result<i64, Wrong> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::NoNumber);
    }
    match text.parse() {
        Ok(secs) if (1..=LONGEST_SECS).contains(&secs) => Ok(secs),
        _ => Err(Wrong::OutOfRange),
    }
}

/// The id that was typed, in hexadecimal as etcdctl writes it; 0 where none was.
fn chosen_id(text: &str, is_known: impl FnOnce(i64) -> bool) -> Result<i64, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    match i64::from_str_radix(digits, 16) {
        Ok(id) if id > 0 && !digits.starts_with('+') => {
            if is_known(id) {
                Err(Wrong::Taken)
            } else {
                Ok(id)
            }
        }
        _ => Err(Wrong::NoId),
    }
}

/// Whether there is such a lease, as far as is known.
fn is_known(session: &Session, id: i64) -> bool {
    let listed = session.all_leases.value().is_some_and(|all| all.binary_search(&id).is_ok());
    listed || session.coordination.leases.contains_key(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_a_number_of_seconds_within_a_year() {
        assert_eq!([seconds("1"), seconds(" 60 "), seconds("31536000")], [Ok(1), Ok(60), Ok(31_536_000)]);
        for text in ["", "ten", "-5", "1.5", "+3"] {
            assert_eq!(seconds(text), Err(Wrong::NoNumber), "{text}");
        }
        for text in ["0", "31536001", "99999999999999999999"] {
            assert_eq!(seconds(text), Err(Wrong::OutOfRange), "{text}");
        }
    }

    #[test]
    fn an_id_is_hexadecimal_and_free() {
        let id = |text| chosen_id(text, |id| id == 7);
        assert_eq!([id(""), id("0x10"), id("694d77aa9e38260f")], [Ok(0), Ok(16), Ok(0x694d_77aa_9e38_260f)]);
        for text in ["0", "-1", "xyz", "ffffffffffffffff", "+5", "0x"] {
            assert_eq!(id(text), Err(Wrong::NoId), "{text}");
        }
        assert_eq!(id("7"), Err(Wrong::Taken));
    }
}
