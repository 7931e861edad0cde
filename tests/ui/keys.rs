//! The keys screen: tree, filter, details.

use egui::{Key as Press, Modifiers};
use etcdscope::model::world::World;
use etcdscope::ui::keys;

use crate::support::{Scene, Setting, live_world};

fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| keys::show(ui, &stage.world, &mut stage.state, actions))
}

#[test]
fn the_tree_looks_right() {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    for folder in ["/config/", "/config/production/", "/config/production/api-gateway/"] {
        session.expanded.insert(folder.as_bytes().to_vec());
    }
    let mut scene = play(Setting::default(), world);
    scene.picture("keys-dark");
    scene.key(Modifiers::NONE, Press::ArrowDown);
}
