//! A document against the JSON Schema of its shape: unknown, missing and repeated fields, wrong types, wrong words.
//!
//! Only what that schema uses is understood here. Rules beyond the shape are applied when the inventory is resolved.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, Value as Schema};

use super::document::{Key, Kind, Path, Span, Value};
use super::fault::{FAULTS_SHOWN_MAX, Fault, did_you_mean, quote};

/// Everything that is wrong with the shape of a document.
#[must_use]
pub fn conform(schema: &Schema, document: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    check(schema, document, &Path::default(), &mut faults);
    faults
}

/// The document as JSON of the schema's types, so that nobody guesses a second time what a plain `22` or `off` is.
/// It conforms; a field that the schema does not know is left out.
#[must_use]
pub fn typed(schema: &Schema, document: &Value) -> Json {
    if document.is_null() && accepts_null(schema) {
        return Json::Null;
    }
    let fits = |choice: &&Schema| {
        let mut faults = Vec::new();
        check_one(choice, document, &Path::default(), &mut faults);
        faults.is_empty()
    };
    let schema = choices(schema).into_iter().find(fits).unwrap_or(schema);
    match &document.kind {
        Kind::Map(entries) => {
            let field = |(key, value): &(Key, Value)| {
                Some((key.name.clone(), typed(schema["properties"].get(&key.name)?, value)))
            };
            Json::Object(entries.iter().filter_map(field).collect::<Map<_, _>>())
        }
        Kind::List(items) => items.iter().map(|item| typed(&schema["items"], item)).collect(),
        Kind::Scalar { text, .. } => match types(schema).first() {
            Some(&"integer") => text.parse::<u64>().map_or(Json::Null, Json::from),
            Some(&"boolean") => Json::from(text == "true"),
            _ => Json::from(text.as_str()),
        },
    }
}

fn check(schema: &Schema, value: &Value, path: &Path, faults: &mut Vec<Fault>) {
    if value.is_null() && accepts_null(schema) {
        return;
    }
    let choices = choices(schema);
    match choices.as_slice() {
        [only] => check_one(only, value, path, faults),
        several => check_any(several, value, path, faults),
    }
}

/// The ways to satisfy a schema, null aside.
fn choices(schema: &Schema) -> Vec<&Schema> {
    match schema["anyOf"].as_array() {
        Some(any) => any.iter().filter(|choice| choice["type"] != "null").collect(),
        None => vec![schema],
    }
}

fn accepts_null(schema: &Schema) -> bool {
    let says_null = |choice: &Schema| types(choice).contains(&"null");
    says_null(schema) || schema["anyOf"].as_array().is_some_and(|any| any.iter().any(says_null))
}

fn types(schema: &Schema) -> Vec<&str> {
    match &schema["type"] {
        Schema::String(name) => vec![name],
        Schema::Array(names) => names.iter().filter_map(Schema::as_str).collect(),
        _ => Vec::new(),
    }
}

/// One of several: where none fits, the first one's fault is told, with everything that is accepted.
fn check_any(choices: &[&Schema], value: &Value, path: &Path, faults: &mut Vec<Fault>) {
    let mut first: Option<Fault> = None;
    for choice in choices {
        let mut found = Vec::new();
        check_one(choice, value, path, &mut found);
        match (found.into_iter().next(), &mut first) {
            (None, _) => return,
            (Some(fault), None) => first = Some(fault),
            (Some(fault), Some(first)) => first.accepted = format!("{}, or {}", first.accepted, fault.accepted),
        }
    }
    faults.extend(first);
}

fn check_one(schema: &Schema, value: &Value, path: &Path, faults: &mut Vec<Fault>) {
    let words = words(schema);
    match (&value.kind, types(schema).first().copied()) {
        (Kind::Scalar { text, .. }, _) if !words.is_empty() => faults.extend(check_word(&words, text, path)),
        (Kind::Map(entries), Some("object")) => check_map(schema, value, entries, path, faults),
        (Kind::List(items), Some("array")) => {
            for (index, item) in items.iter().enumerate() {
                check(&schema["items"], item, &path.index(index), faults);
            }
        }
        (Kind::Scalar { .. }, Some("string")) if !value.is_null() => {}
        (Kind::Scalar { text, plain: true }, Some("integer")) => faults.extend(check_integer(schema, text, path)),
        (Kind::Scalar { text, plain: true }, Some("boolean")) if matches!(text.as_str(), "true" | "false") => {}
        _ => faults.push(wrong_kind(schema, value, path)),
    }
}

fn wrong_kind(schema: &Schema, value: &Value, path: &Path) -> Fault {
    let found = match &value.kind {
        Kind::Scalar { text, plain: false } => format!("found {} in quotes", quote(text)),
        Kind::Scalar { text, .. } if !value.is_null() => format!("found {}", quote(text)),
        _ => format!("found {}", value.kind_name()),
    };
    Fault::new(path.clone(), found, accepted(schema))
}

/// What a schema accepts, in words.
fn accepted(schema: &Schema) -> String {
    let words = words(schema);
    match types(schema).first() {
        _ if !words.is_empty() => words.join(", "),
        Some(&"object") => format!("a mapping with {}", names(schema).join(", ")),
        Some(&"array") => "a list: one `- ` for each item".to_owned(),
        Some(&"integer") => whole_number(schema),
        Some(&"boolean") => "true, false".to_owned(),
        _ => "a text".to_owned(),
    }
}

/// The words that a schema accepts, if it accepts only certain words.
fn words(schema: &Schema) -> Vec<String> {
    let plain = |word: &Schema| word.as_str().map_or_else(|| word.to_string(), str::to_owned);
    let listed = schema["enum"].as_array().into_iter().flatten().map(plain);
    let described = schema["oneOf"].as_array().into_iter().flatten().map(|one| plain(&one["const"]));
    let single = schema.get("const").into_iter().map(plain);
    listed.chain(described).chain(single).collect()
}

fn check_word(words: &[String], text: &str, path: &Path) -> Option<Fault> {
    if words.iter().any(|word| word == text) {
        return None;
    }
    let field = path.last_key().unwrap_or("word");
    let hint = did_you_mean(text, words.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?"));
    Some(Fault::new(path.clone(), format!("unknown {field} {}", quote(text)), words.join(", ")).hint(hint))
}

fn check_integer(schema: &Schema, text: &str, path: &Path) -> Option<Fault> {
    let minimum = schema["minimum"].as_u64().unwrap_or(0);
    let maximum = schema["maximum"].as_u64().unwrap_or(u32::MAX.into());
    let number = text.parse().ok().filter(|number| (minimum..=maximum).contains(number));
    if number.is_some_and(|number| number.to_string() == text) {
        return None;
    }
    // Readers of YAML differ on `010`, which was eight once.
    let hint = number.map(|number| format!("write it without sign and leading zeros: {number}"));
    Some(Fault::new(path.clone(), format!("found {}", quote(text)), whole_number(schema)).hint(hint))
}

fn whole_number(schema: &Schema) -> String {
    let minimum = schema["minimum"].as_u64().unwrap_or(0);
    match schema["maximum"].as_u64() {
        Some(maximum) => format!("a whole number from {minimum} to {maximum}"),
        None => format!("a whole number, {minimum} or more"),
    }
}

fn names(schema: &Schema) -> Vec<&str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

fn check_map(schema: &Schema, map: &Value, entries: &[(Key, Value)], path: &Path, faults: &mut Vec<Fault>) {
    let names = names(schema);
    let absent: Vec<&str> = names.iter().copied().filter(|name| map.get(name).is_none()).collect();
    let mut meant = Vec::new();
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for (key, value) in entries {
        let here = path.key(&key.name);
        if let Some(first) = seen.insert(&key.name, key.span) {
            let found = format!("the key stands twice, already in line {} column {}", first.line, first.column);
            faults.push(Fault::new(here, found, "each key once").at(key.span));
        } else if let Some(expected) = schema["properties"].get(&key.name) {
            check(expected, value, &here, faults);
        } else {
            // Guessing takes longest, and nobody reads a hint to a fault that is not shown.
            let is_shown = faults.len() < FAULTS_SHOWN_MAX;
            let (guess, hint) = if is_shown { guess(schema, &absent, &key.name) } else { (None, None) };
            meant.extend(guess);
            let found = format!("unknown field {}", quote(&key.name));
            faults.push(Fault::new(path.clone(), found, names.join(", ")).at(key.span).hint(hint));
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str);
    // A misspelt field is told once, as unknown.
    for name in required.filter(|name| map.get(name).is_none() && !meant.contains(name)) {
        let expected = &schema["properties"][name];
        let found = format!("missing: {}", purpose(expected));
        faults.push(Fault::new(path.key(name), found, accepted(expected)));
    }
}

/// What a missing field is for: the first sentence of its description.
fn purpose(schema: &Schema) -> String {
    let text = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
    let sentence = text.split(['.', ':']).next().unwrap_or_default();
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A hint at the field that was meant, here or one level below, and its name if it is one of this mapping.
fn guess<'a>(schema: &'a Schema, absent: &[&'a str], key: &str) -> (Option<&'a str>, Option<String>) {
    if let Some(name) = did_you_mean(key, absent.iter().copied()) {
        return (Some(name), Some(format!("did you mean `{name}`?")));
    }
    let below = (schema["properties"].as_object().into_iter().flatten())
        .filter_map(|(section, inner)| Some((section, did_you_mean(key, names(inner))?)));
    (None, below.map(|(section, name)| format!("did you mean `{section}: {{ {name}: … }}`?")).next())
}
