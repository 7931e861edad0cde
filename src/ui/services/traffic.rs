//! How traffic would be shared among the instances: a preview from what they say of themselves.

use std::borrow::Cow;
use std::sync::Arc;

use egui::{ComboBox, CornerRadius, Frame, Id, Label, Margin, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::{ServicesState, View, words};
use crate::model::bytes::Key;
use crate::model::coordination::traffic::{LeftOut, Remark, Share, Strategy, Target, traffic};
use crate::model::coordination::{Health, InstanceCounts, Service};
use crate::model::key_text::{display_short, neutral};
use crate::model::status::SeenAt;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::button::open_sign;
use crate::ui::widgets::chip::{dot, tag};
use crate::ui::widgets::columns::{CellLook, Columns, Span, paint_cell, paint_tail, paint_title};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::list_box::{ListBox, ListRow};
use crate::ui::widgets::{Tone, count_text, empty_state, segmented};

/// What instances report changes all the time: shares are worked out again at most so often, in
/// milliseconds.
const AGAIN_MS: i64 = 1_000;
/// More instances than this are not shared among: a preview of so many helps nobody.
const MOST: usize = 2_000;
/// Narrower pages have the strategies in a list.
const ROOM_FOR_ALL: f32 = 720.0;
/// Widths of the columns that do not stretch.
const NAME: f32 = 210.0;
const PERCENT: f32 = 64.0;
const REMARK: f32 = 300.0;
/// The bar of a share is this wide before remarks get more room.
const BAR_LEAST: f32 = 120.0;
/// Characters of a name that are ever laid out.
const LONGEST: usize = 120;

/// What the page keeps between frames.
#[derive(Default)]
pub(super) struct TrafficState {
    strategy: Strategy,
    of: Option<(Arc<Service>, Strategy, InstanceCounts, SeenAt)>,
    lines: Vec<Line>,
    /// There is something to say of any of them.
    remarks: bool,
    /// Instances beyond those that are shared among.
    more: usize,
}

struct Line {
    instance: Key,
    name: String,
    health: Health,
    share: Share,
}

impl TrafficState {
    /// Works the shares out again where something changed.
    fn update(&mut self, view: View<'_>, service: &Arc<Service>, counts: InstanceCounts) {
        let fresh = self.of.as_ref().is_some_and(|(of, strategy, before, at)| {
            let rests = (*at..*at + AGAIN_MS).contains(&view.now);
            let same = Arc::ptr_eq(of, service) && *before == counts;
            of.folder == service.folder && *strategy == self.strategy && (same || rests)
        });
        if fresh {
            return;
        }
        let settings = &view.session.profile.coordination;
        let mut targets = Vec::new();
        let mut of = Vec::new();
        for instance in service.instances.values().take(MOST) {
            for target in Target::of(
                instance,
                view.heartbeat.judged_at(view.now),
                settings.late_secs,
                settings.down_secs,
            ) {
                let name = match instance.nodes.len() {
                    0 => neutral(&instance.id).into_owned(),
                    _ => display_short(target.name, LONGEST).into_owned(),
                };
                of.push((instance.key.clone(), name, target.health));
                targets.push(target);
            }
        }
        let shares = traffic(self.strategy, &targets);
        let lines = of.into_iter().zip(shares);
        self.lines =
            lines.map(|((instance, name, health), share)| Line { instance, name, health, share }).collect();
        self.remarks = self.lines.iter().any(|line| !said(&line.share).is_empty());
        // The largest first; those left out last, by name.
        self.lines.sort_by(|a, b| {
            let out = |line: &Line| line.share.left_out.is_some();
            let by_share = b.share.share.total_cmp(&a.share.share);
            out(a).cmp(&out(b)).then(by_share).then_with(|| a.name.cmp(&b.name))
        });
        self.more = service.instances.len().saturating_sub(MOST);
        self.of = Some((service.clone(), self.strategy, counts, view.now));
    }
}

/// Draws the page.
pub(super) fn show(
    ui: &mut Ui,
    view: View<'_>,
    state: &mut ServicesState,
    service: &Arc<Service>,
    counts: InstanceCounts,
) {
    if service.instances.is_empty() {
        let hint = t!("services.all_gone_hint");
        empty_state(ui, icons::PATH, &t!("services.traffic.empty"), &hint, None);
        return;
    }
    choose(ui, &mut state.traffic.strategy);
    state.traffic.update(view, service, counts);
    about(ui, &state.traffic);
    let remarks = state.traffic.remarks;
    header(ui, remarks);
    let traffic = &state.traffic;
    let most = traffic.lines.iter().map(|line| line.share.share).fold(0.0, f64::max);
    let chosen = state.instance.get(&view.session.id);
    let id = Id::unique(("traffic", view.session.id));
    let at = chosen.and_then(|key| traffic.lines.iter().position(|line| line.instance == *key));
    let height = theme::row_height(&view.world.settings) + size::GRID;
    let list = ListBox::beside(ui, id, &t!("services.page.traffic"));
    let picked = list
        .choose(ui, (at, traffic.lines.len()), height, |ui, cell| {
            traffic.lines.get(cell.at).is_some_and(|one| line(ui, one, (most, remarks), cell))
        })
        .and_then(|at| traffic.lines.get(at));
    if let Some(line) = picked {
        state.instance.insert(view.session.id, line.instance.clone());
    }
}

fn choose(ui: &mut Ui, strategy: &mut Strategy) {
    Frame::new().inner_margin(Margin { left: 16, right: 12, top: 8, bottom: 4 }).show(ui, |ui| {
        if ui.available_width() >= ROOM_FOR_ALL {
            let names = Strategy::ALL.map(|strategy| (strategy, name(strategy)));
            let choices = names.each_ref().map(|(strategy, name)| (*strategy, &**name));
            if let Some(chosen) = segmented(ui, *strategy, &choices) {
                *strategy = chosen;
            }
            return;
        }
        let combo =
            ComboBox::from_id_salt("strategy").icon(open_sign).width(200.0).selected_text(name(*strategy));
        let combo = combo.show_ui(ui, |ui| {
            for one in Strategy::ALL {
                ui.selectable_value(strategy, one, name(one));
            }
        });
        combo.response.accessible_name(t!("services.traffic.strategy"));
    });
}

/// What the strategy does, what was assumed for it, and who is left out.
fn about(ui: &mut Ui, state: &TrafficState) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 16, right: 16, top: 0, bottom: 6 }).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, size::GRID);
        let words = format!("{} {}", what(state.strategy), t!("services.traffic.hint"));
        ui.add(Label::new(tokens.meta(words)).wrap());
        let out = state.lines.iter().filter(|line| line.share.left_out.is_some()).count();
        let mut remarks: Vec<(Remark, usize)> = Vec::new();
        for remark in state.lines.iter().flat_map(|line| &line.share.remarks) {
            match remarks.iter_mut().find(|(known, _)| known == remark) {
                Some((_, count)) => *count += 1,
                None => remarks.push((*remark, 1)),
            }
        }
        if out == 0 && remarks.is_empty() && state.more == 0 {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            if out > 0 && out == state.lines.len() {
                tag(ui, &t!("services.traffic.nobody"), Tone::Danger);
            } else if out > 0 {
                tag(ui, &t!("services.traffic.left_out", count = count_text(out as u64)), Tone::Changed);
            }
            for (one, count) in remarks {
                tag(ui, &format!("{count} × {}", remark(one)), Tone::Plain);
            }
            if state.more > 0 {
                tag(ui, &t!("services.traffic.more", count = count_text(state.more as u64)), Tone::Changed);
            }
        });
    });
}

struct Cells {
    name: Span,
    percent: Span,
    bar: Span,
    /// Where there is anything to remark on.
    remark: Option<Span>,
}

impl Cells {
    /// The bar gives way before the remarks do: how large a share is, is written beside it.
    fn of(rect: Rect, remarks: bool) -> Self {
        let mut columns = Columns::of(rect);
        let name = columns.from_left(NAME.min(rect.width() * 0.36), 0.0).unwrap_or_default();
        let percent = columns.from_left(PERCENT, 0.0).unwrap_or_default();
        let (left, right) = columns.rest();
        let wide = REMARK.min((right - left - BAR_LEAST).max((right - left) * 0.5));
        let remark = if remarks { columns.from_right(wide, 0.0) } else { None };
        Self { name, percent, bar: columns.rest(), remark }
    }
}

fn header(ui: &mut Ui, remarks: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::ROW), Sense::hover());
    let cells = Cells::of(rect, remarks);
    paint_title(ui, rect, Some(cells.name), &t!("services.column.instance"), false);
    paint_title(ui, rect, Some(cells.percent), &t!("services.column.share"), true);
    paint_title(ui, rect, cells.remark, &t!("services.column.remark"), false);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme::tokens(ui).line());
}

/// An instance and its share. Whether it was pressed.
fn line(ui: &mut Ui, line: &Line, (most, remarks): (f64, bool), cell: ListRow) -> bool {
    let tokens = theme::tokens(ui);
    let rect = cell.rect;
    let response = ui.interact(rect, ui.scope_id().with((&line.instance, &line.name)), Sense::CLICK);
    let share = percent(line.share.share);
    let said = said(&line.share);
    response.widget_info(|| {
        let label = match line.share.left_out {
            Some(why) => t!("services.traffic.row_out", instance = line.name, reason = left_out(why)),
            None => t!("services.traffic.row", instance = line.name, share = share),
        };
        let label = if line.share.left_out.is_none() && !said.is_empty() {
            format!("{label}{}{said}", t!("services.comma"))
        } else {
            label.into_owned()
        };
        egui::WidgetInfo::selected(egui::accesskit::Role::ListBoxOption, true, cell.chosen, label)
    });
    row_ground(ui, rect, cell.chosen, response.hovered(), cell.focused);
    let cells = Cells::of(rect, remarks);
    let y = rect.center().y;
    dot(ui, pos2(cells.name.0 + 4.0, y), words::tone(line.health));
    let out = line.share.left_out.is_some();
    let colour = if out { tokens.faint } else { tokens.text };
    let name: String = line.name.chars().take(LONGEST).collect();
    paint_tail(ui, rect, (cells.name.0 + 16.0, cells.name.1), &name, CellLook::new(text::mono(), colour));
    let words = if out { "–" } else { &share };
    paint_cell(ui, rect, cells.percent, words, CellLook::new(text::mono_small(), colour).right());
    bar(ui, tokens, rect, cells.bar, line.share.share, most, out);
    let colour = if out { tokens.changed } else { tokens.second };
    if let Some(place) = cells.remark {
        let wide = ui.painter().layout_no_wrap(said.clone(), text::meta(), colour).size().x;
        let words = if wide <= place.1 - place.0 { said.clone() } else { in_brief(&line.share) };
        paint_cell(ui, rect, place, &words, CellLook::new(text::meta(), colour));
    }
    let clicked = response.clicked();
    if !said.is_empty() {
        response.on_hover_text(said);
    }
    clicked
}

fn bar(ui: &Ui, tokens: &Tokens, rect: Rect, (left, right): Span, share: f64, most: f64, out: bool) {
    if out {
        return;
    }
    let y = rect.center().y;
    let track = Rect::from_min_max(pos2(left, y - 5.0), pos2(right, y + 5.0));
    let radius = CornerRadius::same(2);
    ui.painter().rect_filled(track, radius, tokens.hover);
    let part = if most > 0.0 { (share / most) as f32 } else { 0.0 };
    let full = Rect::from_min_size(track.min, vec2((track.width() * part).max(2.0), track.height()));
    ui.painter().rect_filled(full, radius, tokens.accent.gamma_multiply(0.75));
}

/// Why it gets nothing, or what was assumed for its share.
fn said(share: &Share) -> String {
    match share.left_out {
        Some(why) => left_out(why).into_owned(),
        None => {
            let words: Vec<Cow<'_, str>> = share.remarks.iter().map(|one| remark(*one)).collect();
            words.join(&t!("services.comma"))
        }
    }
}

/// The same in fewer words.
fn in_brief(share: &Share) -> String {
    match share.left_out {
        Some(LeftOut::Down) => t!("services.traffic.brief.down").into_owned(),
        Some(LeftOut::Starting) => t!("services.traffic.brief.starting").into_owned(),
        Some(LeftOut::BreakerOpen) => t!("services.traffic.brief.breaker_open").into_owned(),
        Some(LeftOut::NoWeight) => t!("services.traffic.brief.no_weight").into_owned(),
        None => {
            let brief = |one: &Remark| match one {
                Remark::WeightAssumed => t!("services.traffic.brief.weight_assumed"),
                Remark::LatencyAssumed => t!("services.traffic.brief.latency_assumed"),
                Remark::ConnectionsAssumed => t!("services.traffic.brief.connections_assumed"),
                Remark::ByLatencyInstead => t!("services.traffic.brief.by_latency"),
                Remark::HalfOpen => t!("services.traffic.brief.half_open"),
                Remark::Late => t!("services.traffic.brief.late"),
                Remark::Unproven => t!("services.traffic.brief.unproven"),
            };
            let words: Vec<Cow<'_, str>> = share.remarks.iter().map(brief).collect();
            words.join(&t!("services.comma"))
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn name(strategy: Strategy) -> Cow<'static, str> {
    match strategy {
        Strategy::RoundRobin => t!("services.traffic.name.round_robin"),
        Strategy::Random => t!("services.traffic.name.random"),
        Strategy::Weighted => t!("services.traffic.name.weighted"),
        Strategy::ResponseTime => t!("services.traffic.name.response_time"),
        Strategy::LeastConnections => t!("services.traffic.name.least_connections"),
        Strategy::ConsistentHash => t!("services.traffic.name.consistent_hash"),
    }
}

fn what(strategy: Strategy) -> Cow<'static, str> {
    match strategy {
        Strategy::RoundRobin => t!("services.traffic.about.round_robin"),
        Strategy::Random => t!("services.traffic.about.random"),
        Strategy::Weighted => t!("services.traffic.about.weighted"),
        Strategy::ResponseTime => t!("services.traffic.about.response_time"),
        Strategy::LeastConnections => t!("services.traffic.about.least_connections"),
        Strategy::ConsistentHash => t!("services.traffic.about.consistent_hash"),
    }
}

fn left_out(why: LeftOut) -> Cow<'static, str> {
    match why {
        LeftOut::Down => t!("services.traffic.out.down"),
        LeftOut::Starting => t!("services.traffic.out.starting"),
        LeftOut::BreakerOpen => t!("services.traffic.out.breaker_open"),
        LeftOut::NoWeight => t!("services.traffic.out.no_weight"),
    }
}

fn remark(remark: Remark) -> Cow<'static, str> {
    match remark {
        Remark::WeightAssumed => t!("services.traffic.remark.weight_assumed"),
        Remark::LatencyAssumed => t!("services.traffic.remark.latency_assumed"),
        Remark::ConnectionsAssumed => t!("services.traffic.remark.connections_assumed"),
        Remark::ByLatencyInstead => t!("services.traffic.remark.by_latency"),
        Remark::HalfOpen => t!("services.traffic.remark.half_open"),
        Remark::Late => t!("services.traffic.remark.late"),
        Remark::Unproven => t!("services.traffic.remark.unproven"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_keep_their_place_in_little_room() {
        for (width, least) in [(440.0, 80.0), (515.0, 100.0), (720.0, 200.0), (1_500.0, REMARK)] {
            let cells = Cells::of(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 24.0)), true);
            let (left, right) = cells.remark.unwrap();
            assert!(right - left >= least, "{width}: {:?}", cells.remark);
            assert!(cells.bar.1 > cells.bar.0, "{width}: {:?}", cells.bar);
        }
    }
}
