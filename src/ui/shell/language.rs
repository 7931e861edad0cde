//! Which catalogue is shown.

use crate::model::settings::Language;

/// The locale of the catalogues for a choice of language; the system's where it is one of ours.
#[must_use]
pub fn locale(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::SimplifiedChinese => "zh-CN",
        Language::System => of_system(sys_locale::get_locale().as_deref()),
    }
}

fn of_system(locale: Option<&str>) -> &'static str {
    match locale {
        Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => "zh-CN",
        _ => "en",
    }
}

/// The other language than the one that is shown.
#[must_use]
pub fn next_language(language: Language) -> Language {
    match locale(language) {
        "zh-CN" => Language::English,
        _ => Language::SimplifiedChinese,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_decides_only_between_our_languages() {
        assert_eq!(of_system(Some("zh-Hans-CN")), "zh-CN");
        assert_eq!(of_system(Some("zh_CN.UTF-8")), "zh-CN");
        assert_eq!(of_system(Some("de-DE")), "en");
        assert_eq!(of_system(None), "en");
    }

    #[test]
    fn switching_twice_comes_back() {
        let chinese = next_language(Language::English);
        assert_eq!(chinese, Language::SimplifiedChinese);
        assert_eq!(next_language(chinese), Language::English);
    }
}
