//! The columns of the table of instances, and which of them there is room for.

use egui::Rect;

use crate::model::coordination::Instance;
use crate::ui::widgets::columns::{Columns, GAP, Span};

/// Widths of the columns that do not stretch.
const STATUS: f32 = 84.0;
const VERSION: f32 = 68.0;
const LABEL: f32 = 66.0;
const WEIGHT: f32 = 48.0;
const TTL: f32 = 96.0;
const AGE: f32 = 58.0;
const METRIC: f32 = 92.0;
/// The name keeps at least so much room, and at most so much where the names are that long; columns that do not
/// fit beside it are left out.
const NAME_LEAST: f32 = 150.0;
const NAME_MOST: f32 = 230.0;
/// About so wide is a sign of a name, and what stands behind it.
const SIGN: f32 = 7.9;
const MARK: f32 = 34.0;

/// A column that not every service has, and that gives way in little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Version,
    Label,
    Weight,
    Age,
    Cpu,
    Memory,
    Latency,
    Ttl,
}

impl Column {
    /// As they stand in the table, from the left.
    pub(super) const ALL: [Self; 8] = [
        Self::Version,
        Self::Label,
        Self::Weight,
        Self::Age,
        Self::Cpu,
        Self::Memory,
        Self::Latency,
        Self::Ttl,
    ];
    /// The most important first.
    const BY_IMPORTANCE: [Self; 8] = [
        Self::Ttl,
        Self::Age,
        Self::Version,
        Self::Latency,
        Self::Weight,
        Self::Label,
        Self::Cpu,
        Self::Memory,
    ];

    fn width(self) -> f32 {
        match self {
            Self::Version => VERSION,
            Self::Label => LABEL,
            Self::Weight => WEIGHT,
            Self::Age => AGE,
            Self::Cpu | Self::Memory | Self::Latency => METRIC,
            Self::Ttl => TTL,
        }
    }

    /// Whether an instance has anything to stand in it.
    pub(super) fn is_in(self, instance: &Instance) -> bool {
        let report = instance.report.as_deref();
        match self {
            Self::Version => instance.version.is_some(),
            Self::Label => instance.label.is_some(),
            Self::Weight => instance.weight.is_some(),
            Self::Age => report.is_some(),
            Self::Cpu => report.is_some_and(|report| report.cpu.is_some()),
            Self::Memory => report.is_some_and(|report| report.memory.is_some()),
            Self::Latency => report.is_some_and(|report| report.latency_ms.is_some()),
            // That there is none is to be seen as well.
            Self::Ttl => true,
        }
    }
}

/// The columns of a table: those in which anything stands, and how much room the names want.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    columns: Vec<Column>,
    /// Signs of the longest name.
    signs: usize,
}

impl Filled {
    /// Those of these instances.
    pub(super) fn of<'a>(instances: impl Iterator<Item = &'a Instance>) -> Self {
        let mut filled = [false; Column::ALL.len()];
        let mut signs = 0;
        for instance in instances {
            signs = signs.max(instance.id.chars().count());
            for (is, column) in filled.iter_mut().zip(Column::ALL) {
                *is = *is || column.is_in(instance);
            }
        }
        let columns = Column::ALL.into_iter().zip(filled).filter(|(_, is)| *is).map(|(column, _)| column);
        Self { columns: columns.collect(), signs }
    }
}

/// Where the columns of a row begin and end.
pub(super) struct Cells {
    pub(super) status: Span,
    pub(super) name: Span,
    others: [Option<Span>; 8],
}

impl Cells {
    pub(super) fn of(rect: Rect, filled: &Filled) -> Self {
        let mut columns = Columns::of(rect);
        let status = columns.from_left(STATUS, 0.0).unwrap_or_default();
        let (left, right) = columns.rest();
        let name = (filled.signs as f32 * SIGN + MARK).clamp(NAME_LEAST, NAME_MOST);
        let mut room = right - left - name;
        let mut shown = Vec::new();
        for column in Column::BY_IMPORTANCE.into_iter().filter(|column| filled.columns.contains(column)) {
            let needed = column.width() + GAP;
            if needed > room {
                break;
            }
            room -= needed;
            shown.push(column);
        }
        let mut others = [None; 8];
        for (at, column) in Column::ALL.into_iter().enumerate().rev() {
            if shown.contains(&column) {
                others[at] = columns.from_right(column.width(), 0.0);
            }
        }
        Self { status, name: columns.rest(), others }
    }

    pub(super) fn at(&self, column: Column) -> Option<Span> {
        let at = Column::ALL.into_iter().position(|one| one == column)?;
        self.others.get(at).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};

    use super::*;
    use crate::model::record::KeyMeta;

    #[test]
    fn names_are_given_room_before_what_is_less_important() {
        let named = |id: &str| {
            let mut one = Instance::found(b"k".as_slice().into(), KeyMeta::default(), id.into());
            one.version = Some("1.0".into());
            one.weight = Some(1.0);
            one
        };
        let cells = |id: &str, width: f32| {
            let one = named(id);
            let filled = Filled::of(std::iter::once(&one));
            Cells::of(Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 24.0)), &filled)
        };
        let short = cells("10.0.1.7:80", 560.0);
        assert!(short.at(Column::Version).is_some() && short.at(Column::Weight).is_some());
        assert!(short.at(Column::Age).is_none(), "nobody reports");
        let long = cells("flapping-service:9410", 560.0);
        assert!(long.name.1 - long.name.0 >= 21.0 * SIGN, "{:?}", long.name);
        assert!(long.at(Column::Weight).is_none());
    }
}
