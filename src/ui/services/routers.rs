//! What points to a service: the routers of Traefik, each with the requests that it takes.

use egui::{Label, Ui};
use rust_i18n::t;

use super::View;
use crate::action::Actions;
use crate::model::bytes::Key;
use crate::model::coordination::{Layout, Service};
use crate::model::key_text::neutral;
use crate::model::message::SessionId;
use crate::model::recognise::{Router, routers};
use crate::ui::coordination::open_key;
use crate::ui::theme::{self, size};
use crate::ui::widgets::{count_text, link};

/// So many are told one by one.
const MOST: usize = 3;
/// Characters of a name that are shown.
const LONGEST: usize = 80;

/// What was found last, and of what.
#[derive(Default)]
pub(super) struct RoutersState {
    of: Option<(SessionId, Key, i64)>,
    found: Vec<Router>,
}

impl RoutersState {
    /// Looks for the routers again where the key space has changed.
    fn update(&mut self, view: View<'_>, service: &Service) {
        let session = view.session;
        let of = Some((session.id, service.folder.clone(), session.applied));
        if self.of != of {
            self.found = routers(&session.keyspace, &service.folder);
            self.of = of;
        }
    }
}

/// A line for each of the first few; nothing where there are none.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    service: &Service,
    state: &mut RoutersState,
    actions: &mut Actions,
) {
    if service.layout != Layout::Traefik {
        return;
    }
    state.update(view, service);
    let tokens = theme::tokens(ui);
    for router in state.found.iter().take(MOST) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = size::PAD;
            ui.label(tokens.meta(t!("services.router")));
            if link(ui, &short(&router.name)).on_hover_text(t!("services.router_hint")).clicked() {
                open_key(&router.key, actions);
            }
            let mut words = router.rule.clone();
            if !router.entry_points.is_empty() {
                let at = router.entry_points.join(", ");
                words = t!("services.router_at", rule = words, entry_points = at).into_owned();
            }
            ui.add(Label::new(tokens.mono_meta(neutral(&words))).truncate());
        });
    }
    if state.found.len() > MOST {
        let others = count_text((state.found.len() - MOST) as u64);
        ui.label(tokens.hint(t!("services.more_routers", count = others)));
    }
}

fn short(name: &str) -> String {
    neutral(name).chars().take(LONGEST).collect()
}
