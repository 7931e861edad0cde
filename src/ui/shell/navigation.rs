//! The screens of a connection at the left: with words where there is room, else icons.

use egui::{
    Color32, CornerRadius, Frame, Margin, Panel, Rect, Role, Sense, ThemePreference, Ui, WidgetInfo, pos2,
    vec2,
};
use rust_i18n::t;

use crate::action::{Action, Actions, UserCommand};
use crate::model::coordination::ClaimKind;
use crate::model::session::{Screen, Session};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::{Tone, count_badge, count_text, shortcut_text};

/// Room for a mark of what wants attention, with what is between it and its neighbours.
const MARK: f32 = 28.0;

/// Draws the navigation.
pub(super) fn show(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let narrow = ui.ctx().content_rect().width() < size::NARROW_WINDOW;
    let width = if narrow { size::NAVIGATION_NARROW } else { size::NAVIGATION };
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(6, 8));
    Panel::left("navigation").resizable(false).exact_size(width).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for screen in Screen::ALL {
            entry(ui, session, screen, narrow, actions);
        }
        ui.with_layout(egui::Layout::bottom_up(egui::Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            command(ui, icons::KEYBOARD, &t!("shell.shortcuts"), UserCommand::Shortcuts, narrow, actions);
            // What is applied, not the setting: the command line may say otherwise.
            let (icon, name) = match ui.ctx().options(|options| options.theme_preference) {
                ThemePreference::System => (icons::CIRCLE_HALF, t!("shell.theme_system")),
                ThemePreference::Dark => (icons::MOON, t!("shell.theme_dark")),
                ThemePreference::Light => (icons::SUN, t!("shell.theme_light")),
            };
            command(ui, icon, &name, UserCommand::CycleTheme, narrow, actions);
        });
    });
}

/// What is counted at a screen's name. One rule for all: the plain number is how many things the screen lists, the
/// coloured one how many of them want attention.
#[derive(Default)]
struct Counts {
    /// How many there are, and what they are.
    things: Option<(u64, String)>,
    /// How many want attention, and what is wrong with them.
    wrong: Option<(u64, Tone, String)>,
}

impl Counts {
    fn of(things: u64, words: impl FnOnce(&str) -> String) -> Self {
        let things = (things > 0).then(|| (things, words(&count_text(things))));
        Self { things, wrong: None }
    }

    fn wrong(mut self, count: usize, tone: Tone, words: impl FnOnce(&str) -> String) -> Self {
        let count = count as u64;
        if count > 0 {
            self.wrong = Some((count, tone, words(&count_text(count))));
        }
        self
    }

    /// In words, what is wrong first.
    fn words(&self) -> impl Iterator<Item = &str> {
        let wrong = self.wrong.iter().map(|(_, _, words)| words.as_str());
        wrong.chain(self.things.iter().map(|(_, words)| words.as_str()))
    }
}

struct Look<'a> {
    icon: &'a str,
    name: &'a str,
    selected: bool,
    counts: Counts,
    shortcut: Option<String>,
    role: Role,
}

fn entry(ui: &mut Ui, session: &Session, screen: Screen, narrow: bool, actions: &mut Actions) {
    let (icon, name, command) = match screen {
        Screen::Keys => (icons::KEY, t!("shell.keys"), UserCommand::ShowKeys),
        Screen::Overview => (icons::GAUGE, t!("shell.overview"), UserCommand::ShowOverview),
        Screen::Services => (icons::PLUGS_CONNECTED, t!("shell.services"), UserCommand::ShowServices),
        Screen::Leases => (icons::TIMER, t!("shell.leases"), UserCommand::ShowLeases),
        Screen::Locks => (icons::LOCK, t!("shell.locks"), UserCommand::ShowLocks),
        Screen::Elections => (icons::CROWN_SIMPLE, t!("shell.elections"), UserCommand::ShowElections),
        Screen::Environments => {
            (icons::TREE_STRUCTURE, t!("shell.environments"), UserCommand::ShowEnvironments)
        }
        Screen::Restore => (icons::CLOCK_COUNTER_CLOCKWISE, t!("shell.restore"), UserCommand::ShowRestore),
        Screen::Audit => (icons::LIST, t!("shell.audit"), UserCommand::ShowAudit),
        Screen::Cluster => (icons::HARD_DRIVES, t!("shell.cluster"), UserCommand::ShowCluster),
    };
    let look = Look {
        icon,
        name: &name,
        selected: session.screen == screen,
        counts: counts(session, screen),
        shortcut: shortcut_text(command),
        role: Role::Tab,
    };
    if row(ui, &look, narrow) {
        actions.push(Action::ShowScreen(screen));
    }
}

fn counts(session: &Session, screen: Screen) -> Counts {
    let coordination = &session.coordination;
    let words = |name: &'static str| move |count: &str| t!(name, count = count).into_owned();
    let of = |count: usize, name| Counts::of(count as u64, words(name));
    match screen {
        Screen::Keys => Counts::of(session.keyspace.len(), words("shell.count.keys")),
        Screen::Services => of(coordination.services.len(), "shell.count.services"),
        Screen::Leases => of(session.lease_count, "shell.count.leases"),
        Screen::Locks => of(coordination.totals.of(ClaimKind::Lock), "shell.count.locks").wrong(
            coordination.waits.cycles.len(),
            Tone::Danger,
            words("shell.count.deadlocks"),
        ),
        Screen::Elections => of(coordination.totals.of(ClaimKind::Election), "shell.count.elections"),
        // One that was interrupted is to be seen without being looked for.
        Screen::Restore => {
            let stopped = session.plans.unfinished();
            Counts::default().wrong(stopped, Tone::Changed, words("shell.count.stopped"))
        }
        Screen::Cluster => {
            let down = session.cluster.members.iter().filter(|member| member.fault.is_some()).count();
            let alarms = session.cluster.alarms.len();
            let of = Counts::default();
            match (alarms, down) {
                (0, down) => of.wrong(down, Tone::Changed, words("shell.count.down")),
                (alarms, 0) => of.wrong(alarms, Tone::Danger, words("shell.count.alarms")),
                (alarms, down) => of.wrong(alarms + down, Tone::Danger, |_| {
                    let alarms = t!("shell.count.alarms", count = alarms);
                    format!("{alarms}, {}", t!("shell.count.down", count = down))
                }),
            }
        }
        Screen::Overview | Screen::Environments | Screen::Audit => Counts::default(),
    }
}

fn command(ui: &mut Ui, icon: &str, name: &str, command: UserCommand, narrow: bool, actions: &mut Actions) {
    let shortcut = shortcut_text(command);
    let counts = Counts::default();
    let look = Look { icon, name, selected: false, counts, shortcut, role: Role::Button };
    if row(ui, &look, narrow) {
        actions.push(Action::Run(command));
    }
}

fn row(ui: &mut Ui, look: &Look<'_>, narrow: bool) -> bool {
    let tokens = theme::tokens(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), size::CONTROL + 2.0), Sense::click());
    let mut spoken = look.name.to_owned();
    if let Some((count, _)) = &look.counts.things {
        spoken = format!("{spoken} {}", count_text(*count));
    }
    if let Some((_, _, wrong)) = &look.counts.wrong {
        spoken = format!("{spoken}, {wrong}");
    }
    response.widget_info(|| match look.role {
        Role::Tab => WidgetInfo::selected(Role::Tab, true, look.selected, &spoken),
        role => WidgetInfo::labeled(role, true, &spoken),
    });
    let hot = response.hovered();
    let radius = CornerRadius::same(size::RADIUS);
    let fill = match (look.selected, hot) {
        (true, _) => tokens.selected,
        (false, true) => tokens.hover,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, radius, fill);
    let colour = if look.selected || hot { tokens.text } else { tokens.second };
    let icon_colour = if look.selected { tokens.accent } else { colour };
    let y = rect.center().y;
    if narrow {
        paint_icon(ui, rect.center(), look.icon, 18.0, icon_colour);
        if let Some((_, tone, _)) = &look.counts.wrong {
            let mark = Rect::from_center_size(rect.right_top() + vec2(-7.0, 7.0), vec2(7.0, 7.0));
            ui.painter().circle_filled(mark.center(), 3.5, tone.colour(tokens));
        }
    } else {
        paint_icon(ui, pos2(rect.left() + 17.0, y), look.icon, size::ICON, icon_colour);
        let galley = ui.painter().layout_no_wrap(look.name.to_owned(), text::medium(), colour);
        let name_end = rect.left() + 33.0 + galley.size().x;
        ui.painter().galley(pos2(rect.left() + 33.0, y - galley.size().y / 2.0), galley, colour);
        paint_counts(ui, &look.counts, rect, name_end);
    }
    focus_ring(ui, rect.shrink(2.0), &response);
    let response = if narrow || look.shortcut.is_some() || look.counts.words().next().is_some() {
        response.on_hover_ui(|ui| {
            let keys = look.shortcut.as_deref().unwrap_or_default();
            let title = if narrow { format!("{}   {keys}", look.name) } else { keys.to_owned() };
            if !title.trim().is_empty() {
                ui.label(title.trim());
            }
            for words in look.counts.words() {
                ui.label(tokens.meta(words));
            }
        })
    } else {
        response
    };
    response.clicked()
}

/// At the right how many there are, before it how many of them want attention: these alone where there is no room.
fn paint_counts(ui: &Ui, counts: &Counts, rect: Rect, name_end: f32) {
    let tokens = theme::tokens(ui);
    let mut right = rect.right() - 8.0;
    let mark = counts.wrong.as_ref().map(|(count, tone, _)| (short_count(*count), *tone));
    if let Some((count, _)) = &counts.things {
        let room = right - name_end - if mark.is_some() { MARK } else { 6.0 };
        let galley = [short_count(*count), shorter_count(*count)].into_iter().find_map(|words| {
            let galley = ui.painter().layout_no_wrap(words, text::mono_small(), tokens.faint);
            (galley.size().x <= room).then_some(galley)
        });
        if let Some(galley) = galley {
            right -= galley.size().x;
            let at = pos2(right, rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, tokens.faint);
            right -= 6.0;
        }
    }
    if let Some((count, tone)) = mark {
        count_badge(ui, right, rect.center().y, &count, tone);
    }
}

/// A count in little room: `999`, `12.3k`, `1.2M`.
fn short_count(count: u64) -> String {
    match count {
        ..10_000 => count_text(count),
        10_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

/// A count in very little room: `999`, `1.2k`, `12k`, `1.2M`.
fn shorter_count(count: u64) -> String {
    match count {
        1_000..10_000 => format!("{:.1}k", count as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0}k", count as f64 / 1e3),
        _ => short_count(count),
    }
}

#[cfg(test)]
mod tests {
    use super::{short_count, shorter_count};

    #[test]
    fn large_counts_are_shortened() {
        assert_eq!(short_count(9_999), "9,999");
        assert_eq!(short_count(12_345), "12.3k");
        assert_eq!(short_count(2_000_000), "2.0M");
        assert_eq!([999, 5_000, 12_345, 3_000_000].map(shorter_count), ["999", "5.0k", "12k", "3.0M"]);
    }
}
