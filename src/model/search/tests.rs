use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::*;
use crate::model::bytes::Value;
use crate::model::record::KeyMeta;

fn keyspace(keys: &[&[u8]]) -> Keyspace {
    let mut keyspace = Keyspace::default();
    for key in keys {
        keyspace.put(key, KeyMeta::default(), None);
    }
    keyspace
}

fn run(keyspace: &Keyspace, mode: SearchMode, text: &str) -> SearchResult {
    search(keyspace, &SearchQuery { text: text.into(), mode }, &|| false).unwrap()
}

fn keys(result: &SearchResult) -> Vec<String> {
    result.hits.iter().map(|hit| String::from_utf8_lossy(&hit.key).into_owned()).collect()
}

fn substring(all: &[&str], text: &str) -> Vec<String> {
    let all: Vec<&[u8]> = all.iter().map(|key| key.as_bytes()).collect();
    keys(&run(&keyspace(&all), SearchMode::Substring, text))
}

fn ranges(key: &[u8], mode: SearchMode, text: &str) -> Vec<(u32, u32)> {
    let result = run(&keyspace(&[key]), mode, text);
    result.hits.into_iter().next().expect("a hit").ranges
}

#[test]
fn case_counts_only_with_a_capital_letter() {
    let all = ["/Config/a", "/CONFIG/b", "/config/c", "/other"];
    assert_eq!(substring(&all, "config"), ["/CONFIG/b", "/Config/a", "/config/c"]);
    assert_eq!(substring(&all, "Config"), ["/Config/a"]);
}

#[test]
fn letters_beyond_ascii_have_no_case_either() {
    let all = ["/GRÖßE", "/größe", "/grosse", "/Ωμέγα", "/服务/Aa"];
    assert_eq!(substring(&all, "größe"), ["/GRÖßE", "/größe"]);
    assert_eq!(substring(&all, "GRÖ"), ["/GRÖßE"]);
    assert_eq!(substring(&all, "ωμ"), ["/Ωμέγα"]);
    assert_eq!(substring(&all, "服务/aa"), ["/服务/Aa"]);
}

#[test]
fn ranges_are_bytes_of_the_key() {
    assert_eq!(ranges(b"/aBab", SearchMode::Substring, "ab"), [(1, 3), (3, 5)]);
    assert_eq!(ranges("/ÖÖx".as_bytes(), SearchMode::Substring, "öx"), [(3, 6)]);
    // The capital dotted İ becomes two characters; it is marked as a whole.
    assert_eq!(ranges("/İé".as_bytes(), SearchMode::Substring, "\u{307}é"), [(1, 5)]);
    assert_eq!(ranges("/İé".as_bytes(), SearchMode::Substring, "é"), [(3, 5)]);
}

#[test]
fn bytes_that_are_no_text_are_found_as_they_are_shown() {
    let keyspace = keyspace(&[b"/a\xffb", b"/a\xfeb", b"/axffb"]);
    for text in [r"a\xffb", r"a\xFFb"] {
        let result = run(&keyspace, SearchMode::Substring, text);
        assert_eq!(result.hits.len(), 1);
        assert_eq!(&*result.hits[0].key, b"/a\xffb");
        assert_eq!(result.hits[0].ranges, [(1, 4)]);
    }
    assert_eq!(run(&keyspace, SearchMode::Fuzzy, "ab").total, 3);
}

#[test]
fn fuzzy_finds_the_best_first_and_marks_the_letters() {
    let all: [&[u8]; 3] = [b"/config/prod/order-service", b"/os", b"/xoxs/config"];
    let result = run(&keyspace(&all), SearchMode::Fuzzy, "os");
    assert_eq!(keys(&result)[0], "/os");
    assert_eq!(result.total, 3);
    assert_eq!(ranges(b"/config/order-service", SearchMode::Fuzzy, "cos"), [(1, 3), (14, 15)]);
    assert_eq!(ranges("/é/配置".as_bytes(), SearchMode::Fuzzy, "配置"), [(4, 10)]);
    assert_eq!(ranges(b"/\xff\xfe/ab", SearchMode::Fuzzy, "ab"), [(4, 6)]);
}

#[test]
fn all_words_of_a_fuzzy_search_must_match() {
    let all: [&[u8]; 3] = [b"/config/prod/order", b"/config/dev/order", b"/config/prod/cache"];
    assert_eq!(keys(&run(&keyspace(&all), SearchMode::Fuzzy, "order prod")), ["/config/prod/order"]);
    assert_eq!(run(&keyspace(&all), SearchMode::Fuzzy, "  ").total, 0);
}

#[test]
fn values_are_searched_where_they_are_loaded() {
    let mut keyspace = keyspace(&[b"/not-loaded"]);
    keyspace.put(b"/a", KeyMeta::default(), Some(Value::from(b"Hello".as_slice())));
    keyspace.put(b"/hello", KeyMeta::default(), Some(Value::from(b"other".as_slice())));
    let result = run(&keyspace, SearchMode::Values, "hello");
    assert_eq!(keys(&result), ["/a"]);
    assert_eq!((result.total, result.values_missing), (1, 1));
    assert_eq!(result.hits[0].ranges, []);
}

#[test]
fn more_hits_than_can_be_listed_are_counted() {
    let mut keyspace = Keyspace::default();
    for number in 0..MAX_HITS + 500 {
        keyspace.put(format!("/many/{number:06}").as_bytes(), KeyMeta::default(), None);
    }
    for mode in [SearchMode::Substring, SearchMode::Fuzzy] {
        let result = run(&keyspace, mode, "many");
        assert_eq!(result.hits.len(), MAX_HITS);
        assert_eq!(result.total as usize, MAX_HITS + 500);
        assert_eq!(&*result.hits[0].key, b"/many/000000", "equal matches stay in key order");
    }
    keyspace.put(b"/mMany", KeyMeta::default(), None);
    keyspace.put(b"/zmany", KeyMeta::default(), None);
    keyspace.put(b"many", KeyMeta::default(), None);
    assert_eq!(&*run(&keyspace, SearchMode::Fuzzy, "many").hits[0].key, b"many");
}

#[test]
fn an_empty_text_finds_nothing() {
    let keyspace = keyspace(&[b"/a"]);
    for mode in [SearchMode::Substring, SearchMode::Fuzzy, SearchMode::Values] {
        assert_eq!(run(&keyspace, mode, "").total, 0);
    }
}

#[test]
fn a_search_ends_when_it_is_cancelled() {
    let mut keyspace = Keyspace::default();
    for number in 0..20_000 {
        keyspace.put(format!("/many/{number:06}").as_bytes(), KeyMeta::default(), None);
    }
    for mode in [SearchMode::Substring, SearchMode::Fuzzy, SearchMode::Values] {
        let asked = AtomicU32::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= 2;
        let query = SearchQuery { text: "many".into(), mode };
        assert_eq!(search(&keyspace, &query, &cancelled), None);
        assert_eq!(asked.into_inner(), 3);
    }
}

#[test]
fn many_keys_are_searched_in_slices_as_few_are() {
    let name =
        |number: u64| format!("/shop/{}/order-{:06}", number % 7, number.wrapping_mul(7_919) % 250_000);
    let mut many = Keyspace::default();
    for number in 0..250_000 {
        let value = (number % 2 == 0).then(|| Value::from(name(number).as_bytes()));
        many.put(name(number).as_bytes(), KeyMeta::default(), value);
    }
    assert!(many.len() > 200_000, "enough for several threads");
    let mut all = Vec::new();
    let _completed = many.for_each(&mut |key, _| {
        all.push(String::from_utf8_lossy(key).into_owned());
        ControlFlow::Continue(())
    });
    for text in ["1234", "order", "nowhere"] {
        let expected: Vec<&String> = all.iter().filter(|key| key.contains(text)).collect();
        let result = run(&many, SearchMode::Substring, text);
        assert_eq!(result.total as usize, expected.len());
        assert!(keys(&result).iter().eq(expected.into_iter().take(MAX_HITS)));
        let in_values = run(&many, SearchMode::Values, text);
        assert!(in_values.total <= result.total && in_values.values_missing > 100_000);
    }
    let result = run(&many, SearchMode::Fuzzy, "3order99");
    let matching =
        all.iter().filter(|key| key.starts_with("/shop/3/") && key.matches('9').count() >= 2).count();
    assert!(result.total as usize >= matching && matching > 1_000, "{}", result.total);
    assert!(keys(&result)[0].starts_with("/shop/3/order") && keys(&result)[0].contains("99"));
    assert!(result.hits.iter().all(|hit| !hit.ranges.is_empty()));
}

fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn words(letters: &'static str, length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(letters.chars().collect::<Vec<_>>()), length)
        .prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_substring_is_found_where_it_is(
        keys in prop::collection::btree_set(words("aBbÖößΣσ服/", 1..9), 0..20),
        text in words("aBbÖößΣσ服/", 1..4),
    ) {
        let all: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let result = run(&keyspace(&all), SearchMode::Substring, &text);
        let smart = |key: &str| if fold(&text) == text { fold(key) } else { key.to_owned() };
        let expected: BTreeSet<&str> =
            keys.iter().map(String::as_str).filter(|key| smart(key).contains(&text)).collect();
        let found: BTreeSet<&str> =
            result.hits.iter().map(|hit| std::str::from_utf8(&hit.key).unwrap()).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(result.total as usize, result.hits.len());
        for hit in &result.hits {
            let key = std::str::from_utf8(&hit.key).unwrap();
            prop_assert_eq!(hit.ranges.len(), smart(key).matches(&text).count());
            for (start, end) in &hit.ranges {
                prop_assert_eq!(smart(&key[*start as usize..*end as usize]), text.as_str());
            }
        }
    }

    #[test]
    fn a_fuzzy_search_finds_every_key_with_the_letters_in_order(
        keys in prop::collection::btree_set(words("abcAB-/", 1..9), 0..20),
        text in words("abc", 1..4),
    ) {
        let all: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let result = run(&keyspace(&all), SearchMode::Fuzzy, &text);
        let in_order = |key: &str| {
            let key = fold(key);
            let mut letters = key.chars();
            text.chars().all(|wanted| letters.any(|letter| letter == wanted))
        };
        let expected: BTreeSet<&str> = keys.iter().map(String::as_str).filter(|key| in_order(key)).collect();
        let found: BTreeSet<&str> =
            result.hits.iter().map(|hit| std::str::from_utf8(&hit.key).unwrap()).collect();
        prop_assert_eq!(found, expected);
        for hit in &result.hits {
            let marked: Vec<u8> =
                hit.ranges.iter().flat_map(|(start, end)| &hit.key[*start as usize..*end as usize]).copied().collect();
            prop_assert_eq!(fold(std::str::from_utf8(&marked).unwrap()), text.as_str());
        }
    }
}
