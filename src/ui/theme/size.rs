//! Measures in points: a grid of 4.

/// The grid.
pub const GRID: f32 = 4.0;
/// Inside controls.
pub const PAD: f32 = 8.0;
/// Between groups.
pub const GROUP: f32 = 16.0;
/// Row of a tree or table.
pub const ROW: f32 = 24.0;
/// Row of a tree or table when rows are compact.
pub const ROW_COMPACT: f32 = 20.0;
/// Title bar, tool bars, activity line.
pub const BAR: f32 = 32.0;
/// Title bar.
pub const TITLE_BAR: f32 = 40.0;
/// The line of changes at the bottom.
pub const ACTIVITY: f32 = 30.0;
/// Button, text field.
pub const CONTROL: f32 = 28.0;
/// Button in a bar or row.
pub const CONTROL_SMALL: f32 = 24.0;
/// Chip.
pub const CHIP: f32 = 20.0;
/// Radius of controls.
pub const RADIUS: u8 = 6;
/// Radius of small things: chips' corners, rows.
pub const RADIUS_SMALL: u8 = 4;
/// Radius of dialogs and cards.
pub const RADIUS_DIALOG: u8 = 10;
/// Icon.
pub const ICON: f32 = 16.0;
/// Icon in a dense row.
pub const ICON_SMALL: f32 = 14.0;
/// Icon of an empty screen.
pub const ICON_LARGE: f32 = 32.0;
/// State dot.
pub const DOT: f32 = 8.0;
/// Line.
pub const LINE: f32 = 1.0;
/// Ring around what has the keyboard.
pub const FOCUS: f32 = 1.5;
/// The line of a profile's colour at the window's edge.
pub const EDGE: f32 = 2.0;
/// The same for a production profile.
pub const EDGE_PRODUCTION: f32 = 4.0;
/// Progress line.
pub const PROGRESS: f32 = 4.0;
/// Width of the navigation with words.
pub const NAVIGATION: f32 = 148.0;
/// Width of the navigation with icons alone.
pub const NAVIGATION_NARROW: f32 = 44.0;
/// Windows narrower than this get the narrow navigation.
pub const NARROW_WINDOW: f32 = 1_180.0;
/// Width of a small dialog.
pub const DIALOG: f32 = 460.0;
/// Width of a large dialog.
pub const DIALOG_WIDE: f32 = 640.0;
/// Width of the palette.
pub const PALETTE: f32 = 600.0;
/// Width of toasts.
pub const TOAST: f32 = 360.0;
/// Width of the label column of property rows.
pub const LABEL: f32 = 120.0;
/// Smallest zoom.
pub const ZOOM_MIN: f32 = 0.5;
/// Largest zoom.
pub const ZOOM_MAX: f32 = 3.0;
