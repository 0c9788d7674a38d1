using System.Text.Json.Serialization;

namespace Ptorrent.Model.Refusals;

/// <summary>
/// An expected "no": what was asked breaks a rule. Says the field, the value, the rule and the remedy, so that whoever
/// asked can put it right. Nothing was changed or charged when it is given.
/// </summary>
/// <param name="Code">The stable code.</param>
/// <param name="Field">The field or option, as the user wrote it; empty where there is none.</param>
/// <param name="Value">The offending value, shortened to 200 characters; empty where there is none.</param>
/// <param name="Rule">What holds for the field, or what is wrong, as a sentence without its full stop.</param>
/// <param name="Remedy">What to do, as a sentence without its full stop; empty where there is nothing to say.</param>
public sealed record Refusal(RefusalCode Code, string Field, string Value, string Rule, string Remedy)
{
    private const int ShownMax = 200;

    /// <summary>One line for a person.</summary>
    [JsonIgnore]
    public string Message
    {
        get
        {
            string shown = Value.Length <= ShownMax ? Value : Value[..ShownMax] + "…";
            string subject = (Field, shown) switch
            {
                ("", "") => string.Empty,
                ("", _) => $"'{shown}': ",
                (_, "") => $"{Field}: ",
                _ => $"{Field} '{shown}': ",
            };
            return Remedy.Length == 0 ? $"{subject}{Rule}." : $"{subject}{Rule}. {Remedy}.";
        }
    }
}
