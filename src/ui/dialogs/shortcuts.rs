//! Every shortcut on one page.

use egui::{CornerRadius, Id, Key, Rect, Role, ScrollArea, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::Ending;
use crate::action::UserCommand;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::modal::modal;
use crate::ui::widgets::{section_header, shortcut_text};

/// Width of a column.
const COLUMN: f32 = 300.0;

/// Draws the dialog.
pub(super) fn show(ui: &mut Ui) -> Ending {
    let title = t!("shell.shortcuts_title");
    let answer = modal(ui.ctx(), Id::unique("shortcuts dialog"), &title, 2.0 * COLUMN + size::GROUP, |ui| {
        let commands: Vec<(String, String)> = UserCommand::ALL
            .into_iter()
            .filter_map(|command| {
                let name = format!("command.{}", command.id());
                Some((t!(&name).into_owned(), shortcut_text(command)?))
            })
            .collect();
        ScrollArea::vertical().max_height(ui.available_height()).auto_shrink([false, true]).show(ui, |ui| {
            section_header(ui, &t!("shell.shortcuts_general"), |_| {});
            two_columns(ui, &commands);
            section_header(ui, &t!("shell.shortcuts_tree"), |_| {});
            two_columns(
                ui,
                &[
                    (t!("shell.shortcuts_arrows").into_owned(), String::from("↑ ↓")),
                    (t!("shell.shortcuts_expand").into_owned(), String::from("← →")),
                    (t!("shell.shortcuts_open").into_owned(), Key::Enter.name().to_owned()),
                    (t!("shell.shortcuts_extend").into_owned(), String::from("Shift ↑ ↓")),
                ],
            );
        });
    });
    if answer.closed { Ending::Cancelled } else { Ending::Open }
}

fn two_columns(ui: &mut Ui, lines: &[(String, String)]) {
    let half = lines.len().div_ceil(2);
    ui.columns(2, |columns| {
        for (column, lines) in columns.iter_mut().zip(lines.chunks(half.max(1))) {
            column.spacing_mut().item_spacing.y = 0.0;
            for (name, keys) in lines {
                line(column, name, keys);
            }
        }
    });
}

fn line(ui: &mut Ui, name: &str, keys: &str) {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), size::CONTROL), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {keys}")));
    let y = rect.center().y;
    let galley = ui.painter().layout_no_wrap(keys.to_owned(), text::meta(), tokens.second);
    let cap = Rect::from_center_size(
        pos2(rect.right() - galley.size().x / 2.0 - 10.0, y),
        vec2(galley.size().x + 14.0, size::CHIP),
    );
    let radius = CornerRadius::same(size::RADIUS_SMALL);
    ui.painter().rect(cap, radius, tokens.hover, tokens.line(), StrokeKind::Inside);
    ui.painter().galley(cap.center() - galley.size() / 2.0, galley, tokens.second);
    let room = cap.left() - rect.left() - size::PAD;
    let galley = crate::ui::widgets::elided(ui.painter(), name, text::body(), tokens.text, room);
    ui.painter().galley(pos2(rect.left(), y - galley.size().y / 2.0), galley, tokens.text);
}
