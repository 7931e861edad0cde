//! A second operator, who edits configuration now and then, always guarded by the revision seen;
//! and the gateway's limiter, whose bucket fills and empties.

use std::time::Duration;

use etcd_client::{Compare, CompareOp, GetOptions, SortOrder, SortTarget, Txn, TxnOp};
use serde_json::{Value, json};

use super::actor::{Actor, Lost, Role, timestamp, within};

/// So many versions of a service's release are kept.
const VERSIONS_KEPT: usize = 4;

/// The second operator.
pub(super) struct Operator;

impl Role for Operator {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        tokio::time::sleep(actor.random.millis(6_000..14_000)).await;
        match actor.random.below(7) {
            0 => log_level(actor).await,
            1 => rate_limit(actor).await,
            2 => feature_flag(actor).await,
            3 => canary_share(actor).await,
            4 => workers(actor).await,
            _ => publish(actor).await,
        }
    }
}

/// Changes a JSON value; does nothing where the key is gone, is no JSON, or was changed meanwhile.
async fn edit(actor: &Actor, key: &str, change: impl FnOnce(&mut Value)) -> Result<(), Lost> {
    let answer = within(actor.client().get(key, None)).await?;
    let Some(kv) = answer.kvs().first() else { return Ok(()) };
    let Ok(mut value) = serde_json::from_slice::<Value>(kv.value()) else { return Ok(()) };
    let pretty = kv.value().contains(&b'\n');
    change(&mut value);
    let text = if pretty { format!("{value:#}\n") } else { value.to_string() };
    let txn = Txn::new()
        .when([Compare::mod_revision(key, CompareOp::Equal, kv.mod_revision())])
        .and_then([TxnOp::put(key, text, None)]);
    actor.txn(txn).await?;
    Ok(())
}

async fn log_level(actor: &mut Actor) -> Result<(), Lost> {
    let service =
        actor.random.pick(&["order-service", "payment-service"]).copied().unwrap_or("order-service");
    let level = actor.random.pick(&["DEBUG", "INFO", "WARN"]).copied().unwrap_or("INFO");
    edit(actor, &format!("/config/production/{service}/logging"), |value| value["level"] = json!(level)).await
}

async fn rate_limit(actor: &mut Actor) -> Result<(), Lost> {
    let limit = 150 + 10 * actor.random.below(16);
    edit(actor, "/config/production/gateway/ratelimit/order-create", |value| value["limit"] = json!(limit))
        .await
}

async fn feature_flag(actor: &mut Actor) -> Result<(), Lost> {
    let share = 5 * actor.random.below(21);
    edit(actor, "/config/common/feature-flags.json", |value| {
        value["new-checkout"]["percentage"] = json!(share);
        value["new-checkout"]["enabled"] = json!(share > 0);
    })
    .await
}

async fn canary_share(actor: &mut Actor) -> Result<(), Lost> {
    let share = actor.random.pick(&[5, 20, 50]).copied().unwrap_or(20);
    edit(actor, "/config/production/user-service/releases/v1.1", |value| value["traffic"] = json!(share))
        .await
}

async fn workers(actor: &mut Actor) -> Result<(), Lost> {
    let workers = 4 + actor.random.below(13);
    edit(actor, "service_config", |value| value["workers"] = json!(workers)).await
}

/// Publishes the next version of a service's release and moves the pointer to it, in one
/// transaction; now and then moves the pointer back instead.
async fn publish(actor: &mut Actor) -> Result<(), Lost> {
    let services = ["order-service", "user-service", "payment-service"];
    let service = actor.random.pick(&services).copied().unwrap_or("order-service");
    let folder = format!("/config/production/{service}");
    let pointer = format!("{folder}/current");
    let current = within(actor.client().get(pointer.clone(), None)).await?;
    let Some(current) = current.kvs().first() else { return Ok(()) };
    let options = GetOptions::new().with_prefix().with_sort(SortTarget::Key, SortOrder::Ascend);
    let versions = within(actor.client().get(format!("{folder}/versions/"), Some(options))).await?;
    let file_of = |kv: &etcd_client::KeyValue| String::from_utf8_lossy(kv.key()).into_owned();
    let Some(newest) = versions.kvs().last() else { return Ok(()) };
    let guard = Compare::mod_revision(pointer.as_str(), CompareOp::Equal, current.mod_revision());
    let back = versions.kvs().len() > 1 && actor.random.one_in(4);
    let operations = if back {
        let earlier = &versions.kvs()[versions.kvs().len() - 2];
        let Some(version) = version_of(&file_of(earlier)) else { return Ok(()) };
        vec![TxnOp::put(pointer, version, None)]
    } else {
        let Some(version) = version_of(&file_of(newest)).and_then(|version| next_version(&version)) else {
            return Ok(());
        };
        let pool = 20 + 4 * actor.random.below(12);
        let yaml = with_pool(&String::from_utf8_lossy(newest.value()), pool);
        let mut operations = vec![
            TxnOp::put(format!("{folder}/versions/{version}/application.yaml"), yaml, None),
            TxnOp::put(pointer, version, None),
        ];
        let surplus = (versions.kvs().len() + 1).saturating_sub(VERSIONS_KEPT);
        operations.extend(versions.kvs().iter().take(surplus).map(|kv| TxnOp::delete(kv.key(), None)));
        operations
    };
    actor.txn(Txn::new().when([guard]).and_then(operations)).await?;
    Ok(())
}

/// `v20240401` in `…/versions/v20240401/application.yaml`.
fn version_of(key: &str) -> Option<String> {
    let (_, rest) = key.split_once("/versions/")?;
    rest.split('/').next().map(str::to_owned)
}

/// The version of the next day.
fn next_version(version: &str) -> Option<String> {
    let day = jiff::civil::Date::strptime("v%Y%m%d", version).ok()?.tomorrow().ok()?;
    Some(day.strftime("v%Y%m%d").to_string())
}

/// The document with another size of the connection pool; everything else stays.
fn with_pool(yaml: &str, pool: u64) -> String {
    let mut out = String::with_capacity(yaml.len());
    for line in yaml.split_inclusive('\n') {
        match line.split_once("maximum-size: ") {
            Some((indent, _)) => out.push_str(&format!("{indent}maximum-size: {pool}\n")),
            None => out.push_str(line),
        }
    }
    out
}

/// The gateway's token bucket of one resource.
pub(super) struct Limiter {
    tokens: u64,
}

impl Limiter {
    pub(super) fn new() -> Self {
        Self { tokens: 200 }
    }
}

impl Role for Limiter {
    async fn live(&mut self, actor: &mut Actor) -> Result<(), Lost> {
        const CAPACITY: u64 = 200;
        let spent = actor.random.below(120);
        self.tokens = (self.tokens.saturating_sub(spent) + 50).min(CAPACITY);
        let state = json!({
            "rate": 100, "capacity": CAPACITY, "tokens": self.tokens, "updatedAt": timestamp(),
        });
        actor.put("/ratelimit/state/order-create", state.to_string(), None).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_the_calendar() {
        assert_eq!(next_version("v20240401").as_deref(), Some("v20240402"));
        assert_eq!(next_version("v20231231").as_deref(), Some("v20240101"));
        assert_eq!(next_version("1.0"), None);
        assert_eq!(version_of("/config/a/versions/v20240401/application.yaml").as_deref(), Some("v20240401"));
    }

    #[test]
    fn only_the_pool_changes() {
        assert_eq!(with_pool("a: 1\n  maximum-size: 5\nb: 2", 40), "a: 1\n  maximum-size: 40\nb: 2");
    }
}
