//! A plan as it was typed.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use toml::Spanned;
use toml::de::DeTable;

use super::wrong::{Placed, Wrong};

/// Sorts what was typed into its fields.
pub(super) fn read(document: Spanned<DeTable<'_>>) -> Result<Typed, Wrong> {
    if let Some(factor) = document.get_ref().get("factor")
        && factor.get_ref().is_table()
    {
        return Err(factor.wrong(
            "a factor is [[factor]] with two brackets on each side, since there can be several",
        ));
    }
    Typed::deserialize(toml::Deserializer::from(document)).map_err(|error| Wrong::of_toml(&error))
}

/// The whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    pub(super) name: Spanned<String>,
    pub(super) question: Option<String>,
    pub(super) known: Option<String>,
    #[serde(default)]
    pub(super) needs: Vec<Spanned<String>>,
    /// They have been filled in.
    #[serde(default, rename = "variables")]
    _variables: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) load: Load,
    #[serde(default)]
    pub(super) server: Server,
    #[serde(default)]
    pub(super) design: Design,
    #[serde(default)]
    pub(super) factor: Vec<Spanned<Factor>>,
}

/// `[load]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    pub(super) program: Option<Spanned<String>>,
    pub(super) wrapper: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) options: Named,
    #[serde(default)]
    pub(super) environment: Named,
}

/// `[server]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) program: Option<Spanned<String>>,
    pub(super) wrapper: Option<Spanned<Vec<String>>>,
    pub(super) options: Option<Named>,
    pub(super) environment: Option<Named>,
    pub(super) target: Option<Spanned<String>>,
    pub(super) ready_within: Option<Spanned<Time>>,
}

/// `[design]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Design {
    pub(super) kind: Option<Spanned<String>>,
    pub(super) fraction: Option<Spanned<String>>,
    pub(super) blocks: Option<Spanned<Blocks>>,
    pub(super) seed: Option<Spanned<i64>>,
    pub(super) pause: Option<Spanned<Time>>,
    pub(super) retries: Option<Spanned<i64>>,
    pub(super) judge: Option<Spanned<String>>,
}

/// How many blocks.
#[derive(Debug)]
pub(super) enum Blocks {
    Fixed(i64),
    Until(Until),
}

/// Until when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Until {
    #[serde(rename = "until")]
    pub(super) goal: Spanned<String>,
    pub(super) within: Spanned<Time>,
    pub(super) least: Option<Spanned<i64>>,
}

/// `[[factor]]`: one of the kinds, all of which may be there by mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Factor {
    pub(super) name: Option<Spanned<String>>,
    pub(super) levels: Option<Spanned<Vec<Spanned<Value>>>>,
    pub(super) sysctl: Option<Spanned<String>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) ethtool: Option<Spanned<Ethtool>>,
    pub(super) interrupt: Option<Spanned<String>>,
    pub(super) receive_steering: Option<Spanned<String>>,
    pub(super) transmit_steering: Option<Spanned<String>>,
    pub(super) flow_steering: Option<Spanned<String>>,
    pub(super) governor: Option<Spanned<String>>,
    pub(super) idle_limit: Option<Spanned<String>>,
    pub(super) queueing: Option<Spanned<String>>,
    pub(super) command: Option<Spanned<Command>>,
    pub(super) server_option: Option<Spanned<String>>,
    pub(super) load_option: Option<Spanned<String>>,
    pub(super) server_program: Option<Spanned<bool>>,
    pub(super) load_program: Option<Spanned<bool>>,
    pub(super) server_environment: Option<Spanned<String>>,
    pub(super) load_environment: Option<Spanned<String>>,
}

/// `ethtool = {...}`: an interface and one of the groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ethtool {
    pub(super) interface: Spanned<String>,
    pub(super) coalesce: Option<Spanned<String>>,
    pub(super) ring: Option<Spanned<String>>,
    pub(super) offload: Option<Spanned<String>>,
    pub(super) channels: Option<Spanned<String>>,
}

/// `command = {...}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) read: Spanned<Vec<String>>,
    pub(super) apply: Spanned<Vec<String>>,
    pub(super) revert: Spanned<Vec<String>>,
}

/// A duration with its unit, not understood yet.
#[derive(Debug)]
pub(super) struct Time(pub(super) String);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTime)
    }
}

struct AnyTime;

impl Visitor<'_> for AnyTime {
    type Value = Time;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a time with its unit in quotes, as in \"500ms\"")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Time, E> {
        Ok(Time(value.to_owned()))
    }
}

/// Names with their values, in the order in which they were typed.
#[derive(Debug, Default)]
pub(super) struct Named(pub(super) Vec<(Spanned<String>, Spanned<Value>)>);

/// What something is set to.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Integer(i128),
    Text(String),
    Boolean(bool),
    List(Vec<Spanned<Value>>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a string, true or false")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyNames)
    }
}

struct AnyNames;

impl<'de> Visitor<'de> for AnyNames {
    type Value = Named;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table, as in { rate = \"10k\" }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Named, A::Error> {
        let mut named: Vec<(Spanned<String>, Spanned<Value>)> = Vec::new();
        while let Some(one) = values.next_entry()? {
            named.push(one);
        }
        named.sort_by_key(|(name, _)| name.span().start);
        Ok(Named(named))
    }
}

impl<'de> Deserialize<'de> for Blocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyBlocks)
    }
}

struct AnyBlocks;

impl<'de> Visitor<'de> for AnyBlocks {
    type Value = Blocks;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .write_str("a number of blocks, or { until = \"p50+-3%\", within = \"2h\", least = 6 }")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Blocks, E> {
        Ok(Blocks::Fixed(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, values: A) -> Result<Blocks, A::Error> {
        Until::deserialize(MapAccessDeserializer::new(values)).map(Blocks::Until)
    }
}
