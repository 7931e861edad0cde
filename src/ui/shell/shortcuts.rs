//! Listens for the shortcuts of commands.

use egui::{Context, Key, Modifiers, TextEdit};

use crate::action::{KeyCombo, UserCommand};
use crate::model::world::World;

/// The commands whose shortcuts were pressed and that can be run now. Takes the keys, so that no
/// text field sees them; plain keys are left to a text field that has the keyboard. While a dialog
/// is open, it has all keys.
pub fn shortcuts(ctx: &Context, world: &World) -> Vec<UserCommand> {
    if world.dialog.is_some() {
        return Vec::new();
    }
    let typing =
        ctx.memory(|memory| memory.focused()).is_some_and(|id| TextEdit::load_state(ctx, id).is_some());
    let mut combos: Vec<(UserCommand, KeyCombo)> = UserCommand::ALL
        .into_iter()
        .filter(|command| !world.palette_open || *command == UserCommand::Palette)
        .filter_map(|command| Some((command, command.shortcut()?)))
        .filter(|(_, combo)| combo.command || is_function_key(combo.key) || !typing)
        .collect();
    // A combo with Shift also matches the one without: ask for it first.
    combos.sort_by_key(|(_, combo)| !combo.shift);
    ctx.input_mut(|input| {
        combos
            .into_iter()
            .filter(|(_, combo)| {
                Key::from_name(combo.key).is_some_and(|key| input.consume_key(modifiers(*combo), key))
            })
            .map(|(command, _)| command)
            .filter(|command| command.is_available(world))
            .collect()
    })
}

fn modifiers(combo: KeyCombo) -> Modifiers {
    let command = if combo.command { Modifiers::COMMAND } else { Modifiers::NONE };
    let shift = if combo.shift { Modifiers::SHIFT } else { Modifiers::NONE };
    command | shift
}

/// Function keys type nothing, so they work in text fields too.
fn is_function_key(key: &str) -> bool {
    key.len() > 1
        && key.strip_prefix('F').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortcut_names_a_key_that_exists() {
        for command in UserCommand::ALL {
            if let Some(combo) = command.shortcut() {
                assert!(Key::from_name(combo.key).is_some(), "{command:?}: {}", combo.key);
            }
        }
    }
}
