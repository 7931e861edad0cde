//! Another weight or label in an instance's registration: everything else in it stays as it was written.

use serde_json::Value as Json;

use super::fields;
use crate::model::bytes::Value;
use crate::model::coordination::{Instance, Layout};
use crate::model::schema::{Edit, Syntax, edit};

/// Why a registration can not be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum WhyNot {
    /// It is a plain address: there is no place for it.
    #[error("the registration is a plain address: it has no place for this")]
    PlainAddress,
    /// It stands in the key itself, which would be another key (dubbo).
    #[error("the registration stands in the key itself: changing it would make another key")]
    InTheKey,
    /// This system has nothing of the kind.
    #[error("registrations of this system have no such field")]
    NoSuchField,
    /// The system writes this key anew by itself, and would take the change back.
    #[error("the system writes this key by itself and would take the change back")]
    WrittenBySystem,
    /// The key registers several instances: which is meant is not known.
    #[error("the key registers several instances: change them in the editor")]
    Several,
    /// The value is no JSON object.
    #[error("the registration is not a JSON object")]
    NotJson,
    /// It can be changed safely in the text only.
    #[error("this can be changed safely in the editor only")]
    TextOnly,
    /// The weight is negative or no number.
    #[error("a weight is 0 or more")]
    BadWeight,
    /// This system wants whole numbers.
    #[error("this system wants a whole number")]
    WholeNumber,
}

/// The registration with another weight and label; an empty label takes it away; `None` leaves it.
/// Whether a thing can be changed at all is told by trying.
///
/// # Errors
/// [`WhyNot`].
pub fn edit_instance(
    instance: &Instance,
    value: &[u8],
    weight: Option<f64>,
    label: Option<&str>,
) -> Result<Value, WhyNot> {
    let layout = instance.layout;
    match layout {
        Layout::Dubbo => return Err(WhyNot::InTheKey),
        Layout::GoZero | Layout::Traefik => return Err(WhyNot::PlainAddress),
        Layout::Patroni | Layout::Kubernetes | Layout::TikvPd => return Err(WhyNot::WrittenBySystem),
        _ if instance.nodes.len() > 1 => return Err(WhyNot::Several),
        _ => {}
    }
    let Ok(text) = std::str::from_utf8(value) else { return Err(WhyNot::NotJson) };
    let json = match fields::object(value) {
        Some(json) => json,
        None if fields::is_address(value) => return Err(WhyNot::PlainAddress),
        None => return Err(WhyNot::NotJson),
    };
    let mut text = text.to_owned();
    if let Some(weight) = weight {
        let place = weight_place(layout, &json)?;
        let new = number(weight, wants_whole(layout)).ok_or(WhyNot::WholeNumber);
        let new = if weight.is_finite() && weight >= 0.0 { new? } else { return Err(WhyNot::BadWeight) };
        text = changed(&text, &place, &Edit::Set(place.written(new)))?;
    }
    if let Some(label) = label {
        let place = label_place(layout, &json)?;
        match label {
            "" if !place.there => {}
            "" => text = changed(&text, &place, &Edit::Remove)?,
            label => text = changed(&text, &place, &Edit::Set(Json::from(label)))?,
        }
    }
    Ok(Value::from(text.as_bytes()))
}

/// Where a field is, or goes.
struct Place {
    path: Vec<String>,
    there: bool,
    /// Numbers are written as text there.
    as_text: bool,
}

impl Place {
    fn written(&self, number: Json) -> Json {
        if self.as_text { Json::from(number.to_string()) } else { number }
    }
}

fn changed(text: &str, place: &Place, change: &Edit) -> Result<String, WhyNot> {
    edit(text, Syntax::Json, &place.path, change).map_err(|_| WhyNot::TextOnly)
}

fn weight_place(layout: Layout, json: &Json) -> Result<Place, WhyNot> {
    if layout == Layout::Apisix {
        let path = fields::only_node_weight(json).ok_or(WhyNot::Several)?;
        return Ok(Place { path, there: true, as_text: false });
    }
    place(layout, json, "weight", fields::WEIGHT)
}

fn label_place(layout: Layout, json: &Json) -> Result<Place, WhyNot> {
    if matches!(layout, Layout::Apisix | Layout::CoreDns) {
        return Err(WhyNot::NoSuchField);
    }
    place(layout, json, "label", fields::LABEL)
}

/// Where a field with one of these names is; else where it would go: among the metadata where there is
/// such, else beside the other fields.
fn place(layout: Layout, json: &Json, new: &str, names: &[&str]) -> Result<Place, WhyNot> {
    // The metadata of Kratos and go-micro are texts alone.
    let texts = matches!(layout, Layout::Kratos | Layout::GoMicro);
    if let Some(path) = fields::path_of(json, names) {
        let as_text = fields::at(json, &path).is_some_and(Json::is_string);
        return Ok(Place { path, there: true, as_text });
    }
    let mut path = match layout {
        Layout::GoMicro => vec!["nodes".to_owned(), "0".to_owned(), "metadata".to_owned()],
        Layout::Kratos => vec!["metadata".to_owned()],
        Layout::Grpc => vec!["Metadata".to_owned()],
        Layout::CoreDns => Vec::new(),
        _ => fields::metadata_name(json).map(|name| vec![name.to_owned()]).unwrap_or_default(),
    };
    // What stands there must be something that fields can be put into.
    if fields::at(json, &path).is_some_and(|there| !there.is_object() && !there.is_null()) {
        return Err(WhyNot::TextOnly);
    }
    path.push(new.to_owned());
    Ok(Place { path, there: false, as_text: texts })
}

fn wants_whole(layout: Layout) -> bool {
    matches!(layout, Layout::Apisix | Layout::CoreDns)
}

/// The number as JSON: whole ones without a fraction.
fn number(weight: f64, whole: bool) -> Option<Json> {
    if weight.fract() == 0.0 && weight.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and well within")]
        return Some(Json::from(weight as i64));
    }
    if whole { None } else { serde_json::Number::from_f64(weight).map(Json::Number) }
}

#[cfg(test)]
mod tests;
