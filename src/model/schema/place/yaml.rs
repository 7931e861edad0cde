//! Places in YAML. The reader tells places only of mistakes: so one is made at the value in question,
//! and what it is blamed on is the place.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Line and column (from 1) of the value at a path, or of the name of its last step.
pub(in crate::model::schema) fn find(
    text: &str,
    document: usize,
    path: &[String],
    at_name: bool,
) -> Option<(usize, usize)> {
    let reader = serde_yaml_ng::Deserializer::from_str(text).nth(document)?;
    let error = Seek { path, at_name }.deserialize(reader).err()?;
    let place = error.location()?;
    error.to_string().contains(HERE).then(|| (place.line(), place.column()))
}

/// What the mistake says, so that no other one is taken for it.
const HERE: &str = "\u{1}here\u{1}";

#[derive(Clone, Copy)]
struct Seek<'p> {
    path: &'p [String],
    at_name: bool,
}

impl Seek<'_> {
    fn reached<E: de::Error>(self) -> Result<(), E> {
        if self.path.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.reached()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.reached()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.reached()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<(), E> {
        self.reached()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<(), E> {
        self.reached()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.reached()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.reached()
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.reached()
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.reached()
    }

    fn visit_some<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.reached::<A::Error>()?;
        let Some((first, path)) = self.path.split_first() else { return Ok(()) };
        let wanted: Option<usize> = first.parse().ok();
        let mut at = 0;
        loop {
            let more = if Some(at) == wanted {
                entries.next_element_seed(Seek { path, ..self })?.is_some()
            } else {
                entries.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.reached::<A::Error>()?;
        let Some((first, path)) = self.path.split_first() else { return Ok(()) };
        let blame = self.at_name && path.is_empty();
        while let Some(found) = entries.next_key_seed(Name { wanted: first, blame })? {
            if found {
                entries.next_value_seed(Seek { path, ..self })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (_, value): (IgnoredAny, _) = tagged.variant()?;
        value.newtype_variant_seed(self)
    }
}

/// The name of a field; whether it is the one that is looked for.
struct Name<'p> {
    wanted: &'p str,
    blame: bool,
}

impl Name<'_> {
    fn is<E: de::Error>(&self, name: &str) -> Result<bool, E> {
        match name == self.wanted {
            true if self.blame => Err(E::custom(HERE)),
            found => Ok(found),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<bool, E> {
        self.is(if on { "true" } else { "false" })
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<bool, E> {
        self.is(&number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<bool, E> {
        self.is(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<bool, E> {
        let number = serde_json::Number::from_f64(number);
        self.is(&number.map(|number| number.to_string()).unwrap_or_default())
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<bool, E> {
        self.is(name)
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        self.is("null")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }
}
