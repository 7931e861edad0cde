//! The keys of well-known systems, as the demonstration fleet keeps them alive, are shown as what they
//! are: services, locks and leaders.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use etcdscope::demo::{Demo, DemoOptions, Scenario};
use etcdscope::model::coordination::{ClaimForm, ClaimKind, Layout};

use super::super::support::SOON;
use super::console::{Console, Told};

/// Locks and elections, each with who writes so, and how.
const QUEUES: [(&str, Layout, ClaimKind, ClaimForm); 9] = [
    ("/locks/stock_lock:1001", Layout::Etcd, ClaimKind::Lock, ClaimForm::Queue),
    ("/elections/scheduler", Layout::Etcd, ClaimKind::Election, ClaimForm::Queue),
    ("/locks/catalogue", Layout::Recipe, ClaimKind::Lock, ClaimForm::ReadWrite),
    ("/locks/invoice-run", Layout::PythonEtcd3, ClaimKind::Lock, ClaimForm::SingleKey),
    ("/vitess/global/keyspaces/commerce/shards/0/locks", Layout::Vitess, ClaimKind::Lock, ClaimForm::Queue),
    ("/service/pg-main/leader", Layout::Patroni, ClaimKind::Election, ClaimForm::SingleKey),
    (
        "/registry/leases/kube-system/kube-controller-manager",
        Layout::Kubernetes,
        ClaimKind::Election,
        ClaimForm::SingleKey,
    ),
    ("/pd/7352341189512052765/leader", Layout::TikvPd, ClaimKind::Election, ClaimForm::SingleKey),
    ("/ms/7352341189512052765/tso/00000/primary", Layout::TikvPd, ClaimKind::Election, ClaimForm::SingleKey),
];

/// Services, by who writes so, with so many instances at least.
const SERVICES: [(Layout, usize); 10] = [
    (Layout::Plain, 17),
    (Layout::Grpc, 2),
    (Layout::GoZero, 2),
    (Layout::Kratos, 2),
    (Layout::GoMicro, 2),
    (Layout::Dubbo, 2),
    (Layout::Apisix, 2),
    (Layout::Traefik, 2),
    (Layout::CoreDns, 2),
    (Layout::Patroni, 2),
];

fn instances(told: &Told) -> BTreeMap<Layout, usize> {
    let mut found = BTreeMap::new();
    for service in told.picture.services.values() {
        *found.entry(service.layout).or_default() += service.instances.len();
    }
    found
}

/// What is not shown as it should be.
fn missing(told: &Told) -> Vec<String> {
    let found = instances(told);
    let services =
        SERVICES.iter().filter(|(layout, wanted)| found.get(layout).copied().unwrap_or(0) < *wanted);
    let services = services.map(|(layout, wanted)| format!("{wanted} instances of {layout:?}: {found:?}"));
    let queues = QUEUES.iter().filter_map(|(name, layout, kind, form)| {
        let queue = told.picture.queues.get(name.as_bytes());
        let shown = queue.map(|queue| (queue.layout, queue.kind, queue.form));
        (shown != Some((*layout, *kind, *form))).then(|| format!("{name} is shown as {shown:?}"))
    });
    services.chain(queues).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_layouts_of_well_known_systems_are_shown_as_services_locks_and_leaders() {
    let scenarios = [Scenario::Layouts, Scenario::Contention].into();
    let options = DemoOptions { members: 1, scenarios, ..DemoOptions::default() };
    let demo = Demo::start(options).await.expect("a demonstration");
    let console = Console::open(&demo.profile().endpoints);
    let begun = Instant::now();
    loop {
        let missing = console.look(missing);
        if missing.is_empty() {
            break;
        }
        assert!(begun.elapsed() < SOON, "{}", missing.join("\n"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(console);
    demo.shutdown().await;
}
