//! The form: name, endpoints, login, TLS, options; its buttons stay in sight below.

use egui::{
    CornerRadius, Frame, Id, Key, Margin, Panel, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};
use rust_i18n::t;

use super::{
    ConnectState, FORM_WIDTH, Form, Problems, connect, coordination_view, journal_view, notify_view,
    schema_view, test_view, tls_view,
};
use crate::action::{Action, Actions};
use crate::model::profile::ProfileColour;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::field::{
    check_box, field_error, field_label, mono_field, outline_error, password_field, text_field,
};
use crate::ui::widgets::notice::card;
use crate::ui::widgets::{Button, Tone, icon_button, link};

/// Draws the form.
pub(super) fn show(ui: &mut Ui, world: &World, state: &mut ConnectState, actions: &mut Actions) {
    let problems = state.form.problems(&world.profiles);
    let tokens = theme::tokens(ui);
    let frame = Frame::new().fill(tokens.base).inner_margin(Margin { left: 0, right: 32, top: 0, bottom: 0 });
    Panel::bottom("connect buttons").exact_size(56.0).frame(frame).show(ui, |ui| {
        buttons(ui, world, state, &problems, actions);
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_max_width((ui.available_width() - 32.0).min(FORM_WIDTH));
        ui.add_space(20.0);
        head(ui, state, actions);
        ui.add_space(size::PAD);
        let enter = fields(ui, world, state, &problems, actions);
        if state.tested.is_some() {
            ui.add_space(size::GROUP);
            let results = ui.scope(|ui| test_view::show(ui, world, state)).response;
            // Results below the window's edge would pass for none.
            let told = world.test.as_ref().map_or(0, |test| test.steps.len() + usize::from(test.done));
            if std::mem::replace(&mut state.results_seen, told) != told {
                results.scroll_to_me(Some(egui::Align::BOTTOM));
            }
        }
        ui.add_space(size::GROUP);
        if enter {
            state.pressed = true;
            if problems.allow_connecting() {
                let request = state.form.request();
                actions.push(connect(world, &request.profile, request.password));
            }
        }
    });
}

/// What the form is about; a profile that exists can be removed here, once asked.
fn head(ui: &mut Ui, state: &mut ConnectState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let Some(name) = state.form.editing.clone() else {
        ui.label(tokens.title(t!("connect.new")));
        return;
    };
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.label(tokens.title(t!("connect.edit", name = name)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if !state.removing {
                let words = t!("connect.remove");
                state.removing = Button::ghost(&words).icon(icons::TRASH).small().show(ui).clicked();
            }
        });
    });
    if !state.removing {
        return;
    }
    card(ui, Tone::Danger, icons::TRASH, |ui| {
        ui.add(egui::Label::new(tokens.body(t!("connect.remove_ask", name = name))).wrap());
        ui.add_space(size::GRID);
        ui.horizontal(|ui| {
            if Button::danger_filled(&t!("common.remove")).small().show(ui).clicked() {
                actions.push(Action::RemoveProfile(name));
                state.start_anew();
            }
            if Button::quiet(&t!("common.cancel")).small().show(ui).clicked() {
                state.removing = false;
            }
        });
    });
}

/// Whether Enter was pressed in a field.
fn entered(response: &Response) -> bool {
    response.lost_focus() && response.ctx.input(|input| input.key_pressed(Key::Enter))
}

/// What is wrong with a field is told once something was typed in it, or a button was pressed.
fn complain(ui: &mut Ui, response: &Response, problem: Option<&str>, pressed: bool, content: &str) {
    if let Some(words) = problem.filter(|_| pressed || (!content.trim().is_empty() && !response.has_focus()))
    {
        outline_error(ui, response);
        field_error(ui, &t!(words));
    }
}

fn fields(
    ui: &mut Ui,
    world: &World,
    state: &mut ConnectState,
    problems: &Problems,
    actions: &mut Actions,
) -> bool {
    let mut enter = false;
    let pressed = state.pressed;
    ui.spacing_mut().item_spacing.y = size::GRID;
    let form = &mut state.form;

    ui.columns(2, |columns| {
        if let [left, right] = columns {
            field_label(left, &t!("connect.name"));
            let hint = t!("connect.name_hint");
            let response =
                text_field(left, Id::unique("connect name"), &mut form.name, &t!("connect.name"), &hint);
            enter |= entered(&response);
            let told = problems.name.filter(|problem| *problem == "connect.name_taken");
            complain(left, &response, told, pressed, &form.name);
            field_label(right, &t!("connect.colour"));
            colours(right, &mut form.colour);
        }
    });

    group(ui, &t!("connect.endpoints"));
    enter |= endpoints(ui, form, problems, pressed);
    if !state.greeted {
        state.greeted = true;
        ui.memory_mut(|memory| memory.request_focus(endpoint_id(0)));
    }

    group(ui, &t!("connect.login"));
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            field_label(left, &t!("connect.user"));
            let hint = t!("connect.user_hint");
            let response =
                text_field(left, Id::unique("connect user"), &mut form.user, &t!("connect.user"), &hint);
            enter |= entered(&response);
            field_label(right, &t!("connect.password"));
            let hint = if world.keyring_off {
                t!("connect.password_asked")
            } else if form.editing.is_some() && !form.user.is_empty() {
                t!("connect.password_kept")
            } else {
                t!("connect.password_hint")
            };
            let id = Id::unique("connect password");
            let response = password_field(right, id, &mut form.password.0, &t!("connect.password"), &hint);
            enter |= entered(&response);
            complain(left, &response, problems.password, pressed, &form.password.0);
        }
    });

    group(ui, &t!("connect.security"));
    tls_view::show(ui, form, problems, pressed, actions);

    group(ui, &t!("connect.options"));
    check_box(ui, &mut form.read_only, &t!("connect.read_only"), Some(&t!("connect.read_only_hint")));
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(160.0, size::CONTROL), Sense::hover());
        let tokens = theme::tokens(ui);
        let galley =
            ui.painter().layout_no_wrap(t!("connect.separator").into_owned(), text::body(), tokens.text);
        ui.painter().galley(rect.left_center() - vec2(0.0, galley.size().y / 2.0), galley, tokens.text);
        ui.scope(|ui| {
            ui.set_max_width(56.0);
            let id = Id::unique("connect separator");
            mono_field(ui, id, &mut form.separator, &t!("connect.separator"), "/");
        });
        ui.label(tokens.hint(t!("connect.separator_hint")));
    });
    if let Some(words) = problems.separator {
        field_error(ui, &t!(words));
    }

    group(ui, &t!("journal.title"));
    journal_view::show(ui, &mut form.journal);

    group(ui, &t!("schema.form_title"));
    schema_view::show(ui, world, form, &mut state.rules);

    group(ui, &t!("rules.group"));
    coordination_view::show(ui, world, form);

    group(ui, &t!("notify.title"));
    notify_view::show(ui, world, &mut form.coordination, actions);
    enter
}

/// The header of a group of fields.
pub(super) fn group(ui: &mut Ui, title: &str) {
    let tokens = theme::tokens(ui);
    ui.add_space(size::GROUP);
    ui.horizontal(|ui| {
        ui.label(egui::RichText::new(title).font(text::strong()).color(tokens.text));
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
        ui.painter().hline(rect.x_range(), rect.center().y, tokens.line());
    });
    ui.add_space(2.0);
}

fn endpoint_id(at: usize) -> Id {
    Id::unique(("connect endpoint", at))
}

fn endpoints(ui: &mut Ui, form: &mut Form, problems: &Problems, pressed: bool) -> bool {
    let mut enter = false;
    let mut removed = None;
    let count = form.endpoints.len();
    for (at, endpoint) in form.endpoints.iter_mut().enumerate() {
        let name = t!("connect.endpoint", n = at + 1);
        let response = ui
            .horizontal(|ui| {
                let room =
                    ui.available_width() - if count > 1 { size::CONTROL_SMALL + size::PAD } else { 0.0 };
                let response = ui
                    .scope(|ui| {
                        ui.set_max_width(room);
                        mono_field(ui, endpoint_id(at), endpoint, &name, "etcd-1.example.com:2379")
                    })
                    .inner;
                let remove = t!("connect.endpoint_remove", n = at + 1);
                if count > 1 && icon_button(ui, icons::X, &remove, None).clicked() {
                    removed = Some(at);
                }
                response
            })
            .inner;
        enter |= entered(&response);
        let problem = problems.endpoints.get(at).copied().flatten();
        complain(ui, &response, problem, pressed, endpoint);
    }
    if let Some(at) = removed {
        form.endpoints.remove(at);
    }
    if let Some(last) = form.spread_endpoints() {
        ui.memory_mut(|memory| memory.request_focus(endpoint_id(last)));
    }
    if link(ui, &t!("connect.endpoint_add")).clicked() {
        form.endpoints.push(String::new());
        ui.memory_mut(|memory| memory.request_focus(endpoint_id(form.endpoints.len() - 1)));
    }
    enter
}

fn colour_name(colour: ProfileColour) -> std::borrow::Cow<'static, str> {
    match colour {
        ProfileColour::None => t!("connect.colour_none"),
        ProfileColour::Blue => t!("connect.colour_blue"),
        ProfileColour::Green => t!("connect.colour_green"),
        ProfileColour::Amber => t!("connect.colour_amber"),
        ProfileColour::Purple => t!("connect.colour_purple"),
        ProfileColour::Red => t!("connect.colour_red"),
    }
}

fn colours(ui: &mut Ui, chosen: &mut ProfileColour) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID;
        for colour in ProfileColour::ALL {
            let (rect, response) = ui.allocate_exact_size(vec2(size::CONTROL, size::CONTROL), Sense::click());
            let name = colour_name(colour);
            let selected = *chosen == colour;
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, selected, &*name));
            if response.hovered() {
                ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS), tokens.hover);
            }
            match tokens.profile(colour) {
                Some(fill) => {
                    ui.painter().circle_filled(rect.center(), 8.0, fill);
                }
                None => {
                    let stroke = egui::Stroke::new(size::FOCUS, tokens.faint);
                    ui.painter().circle_stroke(rect.center(), 7.5, stroke);
                    paint_icon(ui, rect.center(), icons::X, 10.0, tokens.faint);
                }
            }
            if selected {
                ui.painter().circle_stroke(rect.center(), 11.5, egui::Stroke::new(2.0, tokens.text));
            }
            focus_ring(ui, rect, &response);
            if response.on_hover_text(name).clicked() {
                *chosen = colour;
            }
        }
        if *chosen == ProfileColour::Red {
            ui.label(tokens.hint(t!("connect.colour_red_hint")));
        }
    });
}

fn buttons(ui: &mut Ui, world: &World, state: &mut ConnectState, problems: &Problems, actions: &mut Actions) {
    let request = state.form.request();
    let room = vec2(ui.available_width().min(FORM_WIDTH), ui.available_height());
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(room, layout, |ui| {
        let testing = state.tested.is_some() && world.test.as_ref().is_some_and(|test| !test.done);
        let test = t!("connect.test");
        if Button::quiet(&test).icon(icons::HEARTBEAT).enabled(!testing).show(ui).clicked() {
            state.pressed = true;
            if problems.allow_connecting() {
                state.tested = Some(request.clone());
                state.results_seen = 0;
                actions.push(Action::TestConnection(Box::new(request.clone())));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if Button::primary(&t!("connect.connect")).show(ui).clicked() {
                state.pressed = true;
                if problems.allow_connecting() {
                    actions.push(connect(world, &request.profile, request.password.clone()));
                }
            }
            let mut save = |ui: &mut Ui, label: &str, then_connect: bool| {
                let hint = problems.name.map(|words| t!(words).into_owned()).unwrap_or_default();
                let button = Button::quiet(label).enabled(problems.allow_saving()).disabled_hint(hint);
                if button.show(ui).clicked() {
                    actions.push(Action::KeepProfile {
                        profile: Box::new(request.profile.clone()),
                        renamed_from: state.form.editing.clone().filter(|name| *name != request.profile.name),
                        password: state.form.kept_password(),
                    });
                    state.form.editing = Some(request.profile.name.clone());
                    if then_connect {
                        actions.push(connect(world, &request.profile, request.password.clone()));
                    }
                }
            };
            save(ui, &t!("connect.save_and_connect"), true);
            save(ui, &t!("common.save"), false);
        });
    });
}
