//! Values that are not for everybody's eyes.

/// Words that name a secret wherever they stand.
const ANYWHERE: [&str; 7] =
    ["password", "passwords", "passwd", "passphrase", "credential", "credentials", "secrets"];
/// Words that name one at the end: a `token-bucket` is none.
const AT_THE_END: [&str; 10] = [
    "pwd",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
];

/// Whether what this name (or path) stands for is likely a secret. `key` alone is none, but the end of
/// a name is (`api_key`, `session-ticket.key`).
#[must_use]
pub fn looks_secret(name: &str) -> bool {
    name.ends_with(".key") || name.split(['/', '.', ':', '[']).any(is_secret)
}

fn is_secret(segment: &str) -> bool {
    let words = words(segment);
    let ends_so = words.last().is_some_and(|last| AT_THE_END.contains(&last.as_str()));
    let ends_in_key = words.len() > 1 && words.last().is_some_and(|word| word == "key");
    ends_so || ends_in_key || words.iter().any(|word| ANYWHERE.contains(&word.as_str()))
}

/// The words of a name, in lower case, whatever they are joined by.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for sign in name.chars() {
        let begins = sign.is_uppercase() && lower_before;
        if begins || !sign.is_alphanumeric() {
            words.push(String::new());
        }
        lower_before = sign.is_lowercase() || sign.is_numeric();
        if sign.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(sign.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in [
            "spring.datasource.password",
            "DB_PASSWORD",
            "apiKey",
            "api-key",
            "tls/session-ticket.key",
            "auth/accessToken",
            "client_secret",
            "aws.secretAccessKey",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["key", "keyboard", "monkey", "keys.count", "key-prefix", "token-bucket", "config/order"]
        {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
