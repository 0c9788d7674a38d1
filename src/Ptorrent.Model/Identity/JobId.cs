using System.Text.Json.Serialization;

namespace Ptorrent.Model.Identity;

/// <summary>A job. Made by whoever submits it, so that submitting twice is submitting once. Prints as <c>job_</c> and
/// thirteen base-32 characters; zero is no id.</summary>
[JsonConverter(typeof(PrefixedIdConverter<JobId>))]
public readonly record struct JobId(ulong Value) : IPrefixedId<JobId>
{
    /// <inheritdoc/>
    public static string Prefix => "job_";

    /// <inheritdoc/>
    public static JobId FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Prefix + Base32.Encode(Value);
}
