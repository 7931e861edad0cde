//! The icon of each command.

use crate::action::UserCommand;
use crate::ui::theme::icons;

/// The icon of a command.
#[must_use]
pub(super) fn command_icon(command: UserCommand) -> &'static str {
    match command {
        UserCommand::Palette => icons::COMMAND,
        UserCommand::NewConnection => icons::PLUS,
        UserCommand::CloseConnection | UserCommand::CloseKey => icons::X,
        UserCommand::NextConnection => icons::ARROWS_LEFT_RIGHT,
        UserCommand::Reconnect => icons::ARROW_CLOCKWISE,
        UserCommand::ShowKeys => icons::KEY,
        UserCommand::ShowOverview => icons::GAUGE,
        UserCommand::ShowServices => icons::PLUGS_CONNECTED,
        UserCommand::ShowLeases => icons::TIMER,
        UserCommand::ShowLocks => icons::LOCK,
        UserCommand::ShowElections => icons::CROWN_SIMPLE,
        UserCommand::ShowEnvironments => icons::TREE_STRUCTURE,
        UserCommand::ShowRestore => icons::CLOCK_COUNTER_CLOCKWISE,
        UserCommand::ShowAudit => icons::LIST,
        UserCommand::ShowCluster => icons::HARD_DRIVES,
        UserCommand::FocusFilter => icons::FUNNEL,
        UserCommand::CreateKey => icons::FILE_PLUS,
        UserCommand::Rename => icons::PENCIL_SIMPLE,
        UserCommand::Copy => icons::COPY,
        UserCommand::Delete => icons::TRASH,
        UserCommand::Export => icons::DOWNLOAD_SIMPLE,
        UserCommand::ToggleFavourite => icons::STAR,
        UserCommand::ShowDeleted => icons::EYE,
        UserCommand::Save => icons::FLOPPY_DISK,
        UserCommand::Format => icons::TEXT_INDENT,
        UserCommand::Discard => icons::ARROW_U_UP_LEFT,
        UserCommand::Compare => icons::GIT_DIFF,
        UserCommand::NextChange => icons::CARET_DOWN,
        UserCommand::PreviousChange => icons::CARET_UP,
        UserCommand::ShowHistory => icons::CLOCK_COUNTER_CLOCKWISE,
        UserCommand::CycleTheme => icons::CIRCLE_HALF,
        UserCommand::SwitchLanguage => icons::TRANSLATE,
        UserCommand::Settings => icons::GEAR,
        UserCommand::Shortcuts => icons::KEYBOARD,
        UserCommand::TimeTravel => icons::CLOCK_COUNTER_CLOCKWISE,
        UserCommand::About => icons::INFO,
    }
}
