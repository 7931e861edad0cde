//! YAML as a tree. It is read twice: once for its structure and the kinds of its scalars, and once more,
//! along that structure, for how its numbers are written. Aliases are what they stand for.

use std::fmt;
use std::sync::Arc;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{MAX_DEPTH, NoTree, Node, NodeKind, Scalar, ScalarKind};

const TAGS: &str = "etcdscope: tags";
const COMPLEX_KEYS: &str = "etcdscope: complex keys";
const TOO_DEEP: &str = "etcdscope: too deep";

pub(super) fn parse(text: &str) -> Result<Node, NoTree> {
    let mut documents = serde_yaml_ng::Deserializer::from_str(text);
    let Some(document) = documents.next() else { return Ok(Node::scalar(ScalarKind::Null, "null")) };
    let mut draft = Kinds { depth: 0 }.deserialize(document).map_err(|error| reason(&error))?;
    if documents.next().is_some() {
        return Err(NoTree::SeveralDocuments);
    }
    if let Some(document) = serde_yaml_ng::Deserializer::from_str(text).next() {
        Written(&mut draft).deserialize(document).map_err(|error| reason(&error))?;
    }
    Ok(draft.into_node())
}

fn reason(error: &serde_yaml_ng::Error) -> NoTree {
    let words = error.to_string();
    if words.contains(TAGS) {
        NoTree::Tags
    } else if words.contains(COMPLEX_KEYS) {
        NoTree::ComplexKeys
    } else if words.contains(TOO_DEEP) || words.contains("recursion limit") {
        NoTree::TooDeep
    } else {
        NoTree::Invalid(words)
    }
}

/// A tree that is being read.
enum Draft {
    Scalar(Scalar),
    List(Vec<Draft>),
    Map(Vec<(Scalar, Draft)>),
}

impl Draft {
    fn into_node(self) -> Node {
        Node::new(match self {
            Self::Scalar(scalar) => NodeKind::Scalar(scalar),
            Self::List(elements) => {
                NodeKind::List(elements.into_iter().map(|element| Arc::new(element.into_node())).collect())
            }
            Self::Map(entries) => NodeKind::Map(
                entries.into_iter().map(|(key, value)| (key, Arc::new(value.into_node()))).collect(),
            ),
        })
    }
}

/// Reads structure and kinds.
#[derive(Clone, Copy)]
struct Kinds {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Kinds {
    type Value = Draft;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Draft, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom(TOO_DEEP));
        }
        deserializer.deserialize_any(self)
    }
}

fn scalar(kind: ScalarKind, text: impl Into<String>) -> Draft {
    Draft::Scalar(Scalar { kind, text: text.into() })
}

impl<'de> Visitor<'de> for Kinds {
    type Value = Draft;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Null, "null"))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Bool, truth.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Number, number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Number, number.to_string()))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Number, number.to_string()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Number, number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Number, number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Draft, E> {
        Ok(scalar(ScalarKind::Text, text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Draft, A::Error> {
        let inner = Self { depth: self.depth + 1 };
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(inner)? {
            elements.push(element);
        }
        Ok(Draft::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let inner = Self { depth: self.depth + 1 };
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(inner)? {
            let Draft::Scalar(key) = key else { return Err(A::Error::custom(COMPLEX_KEYS)) };
            entries.push((key, map.next_value_seed(inner)?));
        }
        Ok(Draft::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Draft, A::Error> {
        Err(A::Error::custom(TAGS))
    }
}

/// Reads how the numbers of a tree are written.
struct Written<'a>(&'a mut Draft);

/// The same of a scalar.
struct WrittenScalar<'a>(&'a mut Scalar);

impl<'de> DeserializeSeed<'de> for Written<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.0 {
            Draft::Scalar(scalar) => WrittenScalar(scalar).deserialize(deserializer),
            Draft::List(_) => deserializer.deserialize_seq(self),
            Draft::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Written<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value that was there before")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Draft::List(elements) = self.0 else { return Ok(()) };
        for element in elements {
            list.next_element_seed(Written(element))?;
        }
        // To its end.
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Draft::Map(entries) = self.0 else { return Ok(()) };
        for (key, value) in entries {
            if map.next_key_seed(WrittenScalar(key))?.is_some() {
                map.next_value_seed(Written(value))?;
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for WrittenScalar<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.kind == ScalarKind::Number {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ())
        }
    }
}

impl<'de> Visitor<'de> for WrittenScalar<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        text.clone_into(&mut self.0.text);
        Ok(())
    }
}
