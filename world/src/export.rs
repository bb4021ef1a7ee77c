//! A world as a scenario that reproduces it.

use arwen_scenario::json::{self, Json};
use arwen_scenario::write;

use crate::{State, WorldError};

/// The steps of a world as a scenario, with a check of the whole state at the end.
pub(crate) fn scenario(name: &str, state: &State, steps: &[String]) -> Result<String, WorldError> {
    let parse = |text: &String| {
        json::parse(text)
            .map(|node| node.json)
            .map_err(|error| WorldError::Refused(format!("a kept step is unreadable: {error}")))
    };
    let mut all = steps.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let accounts = write::checked_accounts(&state.world).map_err(WorldError::Refused)?;
    all.push(Json::map([
        ("step", Json::str("checkState")),
        ("accounts", accounts),
    ]));
    let mut fields = vec![
        ("name", Json::str(name)),
        (
            "gasSchedule",
            Json::str(state.settings.gas_schedule.bundled_name()),
        ),
    ];
    // Our own addition to the format, so only where it is needed.
    if state.settings.shards.get() > 1 {
        fields.push(("shards", Json::Str(state.settings.shards.to_string())));
    }
    fields.push(("steps", Json::list(all)));
    Ok(Json::map(fields).pretty() + "\n")
}
