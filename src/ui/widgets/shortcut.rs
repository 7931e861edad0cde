//! Shortcuts as the operating system writes them.

use crate::action::{KeyCombo, UserCommand};

/// `Ctrl K`, on macOS `⌘K`.
#[must_use]
pub fn combo_text(combo: KeyCombo) -> String {
    let mac = cfg!(target_os = "macos");
    let mut text = String::new();
    if combo.shift {
        text.push_str(if mac { "⇧" } else { "Shift " });
    }
    if combo.command {
        let command = if mac { "⌘" } else { "Ctrl " };
        text = format!("{command}{text}");
    }
    text.push_str(match combo.key {
        "Comma" => ",",
        "Slash" => "/",
        "Delete" if mac => "⌦",
        "Delete" => "Del",
        key => key,
    });
    text
}

/// The shortcut of a command.
#[must_use]
pub fn shortcut_text(command: UserCommand) -> Option<String> {
    command.shortcut().map(combo_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcuts_read_as_the_system_writes_them() {
        let palette = shortcut_text(UserCommand::Palette);
        let format = shortcut_text(UserCommand::Format);
        if cfg!(target_os = "macos") {
            assert_eq!((palette.as_deref(), format.as_deref()), (Some("⌘K"), Some("⌘⇧F")));
        } else {
            assert_eq!((palette.as_deref(), format.as_deref()), (Some("Ctrl K"), Some("Ctrl Shift F")));
        }
        assert_eq!(shortcut_text(UserCommand::Discard), None);
    }
}
