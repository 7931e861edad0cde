//! Connections that are known: saved profiles, and those that need nothing typed.

use egui::{CornerRadius, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::{ConnectState, connect};
use crate::action::{Action, Actions};
use crate::model::profile::Profile;
use crate::model::world::{DemoState, World};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::tag;
use crate::ui::widgets::notice::fault_line;
use crate::ui::widgets::progress::bar;
use crate::ui::widgets::{Button, Tone, elided, icon_button, section_header};

const CARD_HEIGHT: f32 = 56.0;
/// Room of the button in a card.
const CONNECT_ROOM: f32 = 84.0;

/// Draws the list.
pub(super) fn show(ui: &mut Ui, world: &World, state: &mut ConnectState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.add_space(20.0);
    ui.label(tokens.number(t!("connect.title")));
    ui.label(tokens.secondary(t!("connect.subtitle")));
    ui.add_space(size::PAD);
    ui.spacing_mut().item_spacing.y = 6.0;
    if !world.profiles.is_empty() {
        section_header(ui, &t!("connect.saved"), |ui| {
            if icon_button(ui, icons::PLUS, &t!("connect.new_profile"), None).clicked() {
                state.start_anew();
            }
        });
        for profile in &world.profiles {
            saved(ui, world, profile, state, actions);
        }
    }
    section_header(ui, &t!("connect.quick"), |_| {});
    demo(ui, world, actions);
    if let Some(endpoint) = &world.local_endpoint {
        let profile = Profile {
            name: t!("connect.local_name").into_owned(),
            endpoints: vec![endpoint.clone()],
            ..Profile::default()
        };
        quick(ui, world, icons::DESKTOP, &t!("connect.local"), &profile, actions);
    }
    if let Some(profile) = &world.environment_profile {
        quick(ui, world, icons::TERMINAL_WINDOW, &t!("connect.environment"), profile, actions);
    }
    ui.add_space(size::GROUP);
}

/// What a card tells.
struct Card<'a> {
    icon: Option<&'a str>,
    colour: Option<egui::Color32>,
    title: &'a str,
    detail: &'a str,
    /// Whether the detail is a list of endpoints.
    mono: bool,
    selected: bool,
    /// Room that is kept free at the right.
    right: f32,
}

/// Draws a card; its inner `Ui` is the free room at the right. Returns whether its body was pressed,
/// once or twice.
fn card(ui: &mut Ui, card: &Card<'_>, right: impl FnOnce(&mut Ui)) -> (bool, bool) {
    let tokens = theme::tokens(ui);
    let (rect, room) = ui.allocate_exact_size(vec2(ui.available_width(), CARD_HEIGHT), Sense::hover());
    let response = ui.interact(rect, room.id.with(card.title), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, card.selected, card.title));
    let radius = CornerRadius::same(size::PAD as u8);
    let fill = if card.selected || ui.rect_contains_pointer(rect) { tokens.hover } else { tokens.raised };
    let stroke = if card.selected { tokens.focus_ring() } else { tokens.line() };
    if !tokens.dark {
        ui.painter().add(tokens.shadow_small.as_shape(rect, radius));
    }
    ui.painter().rect(rect, radius, fill, stroke, egui::StrokeKind::Inside);
    if let Some(colour) = card.colour {
        let mark = Rect::from_min_size(rect.min + vec2(0.0, 10.0), vec2(3.0, rect.height() - 20.0));
        ui.painter().rect_filled(mark, CornerRadius::same(1), colour);
    }
    let mut left = rect.left() + 14.0;
    if let Some(icon) = card.icon {
        paint_icon(ui, pos2(left + 9.0, rect.center().y), icon, 18.0, tokens.second);
        left += 30.0;
    }
    let width = rect.right() - card.right - left - size::PAD;
    let title = elided(ui.painter(), card.title, text::strong(), tokens.text, width);
    let font = if card.mono { text::mono_small() } else { text::meta() };
    let detail = elided(ui.painter(), card.detail, font, tokens.second, width);
    let top = rect.center().y - (title.size().y + detail.size().y + 2.0) / 2.0;
    let below = top + title.size().y + 2.0;
    ui.painter().galley(pos2(left, top), title, tokens.text);
    ui.painter().galley(pos2(left, below), detail, tokens.second);
    focus_ring(ui, rect, &response);
    let free =
        Rect::from_min_max(pos2(rect.right() - card.right - 10.0, rect.top()), rect.max - vec2(10.0, 0.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    let mut inner = ui.new_child(UiBuilder::new().id_salt(("card", room.id)).max_rect(free).layout(layout));
    inner.spacing_mut().item_spacing.x = 2.0;
    right(&mut inner);
    (response.clicked(), response.double_clicked())
}

fn saved(ui: &mut Ui, world: &World, profile: &Profile, state: &mut ConnectState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let endpoints = profile.endpoints.join("  ");
    let badges =
        46.0 * f32::from(u8::from(profile.is_production())) + 20.0 * f32::from(u8::from(profile.read_only));
    let look = Card {
        icon: None,
        colour: tokens.profile(profile.colour),
        title: &profile.name,
        detail: &endpoints,
        mono: true,
        selected: state.form.editing.as_deref() == Some(profile.name.as_str()),
        right: CONNECT_ROOM + badges,
    };
    let mut open = false;
    let (pressed, twice) = card(ui, &look, |ui| {
        let name = t!("connect.connect_to", name = profile.name);
        open = Button::quiet(&t!("connect.connect")).small().show(ui).accessible_name(name).clicked();
        ui.add_space(size::GRID);
        if profile.read_only {
            let (rect, response) = ui.allocate_exact_size(vec2(18.0, size::CHIP), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &*t!("shell.read_only")));
            paint_icon(ui, rect.center(), icons::LOCK, size::ICON_SMALL, tokens.second);
            response.on_hover_text(t!("shell.read_only"));
        }
        if profile.is_production() {
            tag(ui, &t!("connect.production_short"), Tone::Danger).on_hover_text(t!("shell.production"));
        }
    });
    if open || twice {
        actions.push(connect(world, profile, None));
    } else if pressed {
        state.edit(profile);
    }
}

fn quick(ui: &mut Ui, world: &World, icon: &str, title: &str, profile: &Profile, actions: &mut Actions) {
    let detail = profile.endpoints.join("  ");
    let look = Card {
        icon: Some(icon),
        colour: None,
        title,
        detail: &detail,
        mono: true,
        selected: false,
        right: CONNECT_ROOM,
    };
    let mut open = false;
    let (_, twice) = card(ui, &look, |ui| {
        let name = t!("connect.connect_to", name = title);
        open = Button::quiet(&t!("connect.connect")).small().show(ui).accessible_name(name).clicked();
    });
    if open || twice {
        actions.push(connect(world, profile, None));
    }
}

fn demo(ui: &mut Ui, world: &World, actions: &mut Actions) {
    let title = t!("connect.demo");
    let detail = match &world.demo {
        DemoState::Starting => t!("connect.demo_starting"),
        DemoState::Running(_) => t!("connect.demo_running"),
        DemoState::Stopped | DemoState::Failed(_) => t!("connect.demo_hint"),
    };
    let look = Card {
        icon: Some(icons::FLASK),
        colour: None,
        title: &title,
        detail: &detail,
        mono: false,
        selected: false,
        right: CONNECT_ROOM,
    };
    let mut pressed = false;
    let (_, twice) = card(ui, &look, |ui| match &world.demo {
        DemoState::Starting => {
            let (rect, _) = ui.allocate_exact_size(vec2(72.0, size::PROGRESS), Sense::hover());
            bar(ui, rect, None);
        }
        DemoState::Running(_) => {
            let name = t!("connect.connect_to", name = title);
            pressed = Button::quiet(&t!("connect.connect")).small().show(ui).accessible_name(name).clicked();
        }
        DemoState::Stopped | DemoState::Failed(_) => {
            let name = t!("connect.demo_start");
            pressed = Button::quiet(&t!("connect.start")).small().show(ui).accessible_name(name).clicked();
        }
    });
    if pressed || (twice && world.demo != DemoState::Starting) {
        actions.push(match &world.demo {
            DemoState::Running(profile) => connect(world, profile, None),
            _ => Action::StartDemo,
        });
    }
    if let DemoState::Failed(fault) = &world.demo {
        fault_line(ui, fault);
    }
}
