using System.Collections.Immutable;
using Google.Protobuf;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using ModelFailure = Ptorrent.Model.Programs.ProgramFailure;

namespace Ptorrent.Link.Frames;

/// <summary>The model's types as they travel in frames, and back.</summary>
public static class FrameConversions
{
    /// <summary>The digest's bytes.</summary>
    public static ByteString ToByteString(this Digest digest) => UnsafeByteOperations.UnsafeWrap(digest.ToByteArray());

    /// <summary>The digest of exactly <see cref="Digest.ByteCount"/> bytes, which <see cref="FrameCodec"/> has
    /// checked.</summary>
    public static Digest ToDigest(this ByteString bytes) => new(bytes.Span);

    /// <summary>The grant's indices.</summary>
    public static IndexRange ToRange(this Grant grant) => new(grant.Begin, grant.End);

    /// <summary>A failure for the wire, its message cut to the limit.</summary>
    public static ProgramFailure ToFrame(this ModelFailure failure) => new()
    {
        Index = failure.Index,
        Trap = (int)failure.Code,
        Message = Cut(failure.Message),
        Fuel = failure.Burnt.Units,
    };

    /// <summary>A failure from the wire. A trap that this version does not know becomes <see cref="TrapCode.Unknown"/>.
    /// </summary>
    public static ModelFailure ToModel(this ProgramFailure failure)
    {
        TrapCode code = (TrapCode)failure.Trap;
        return new ModelFailure(
            failure.Index,
            Enum.IsDefined(code) ? code : TrapCode.Unknown,
            failure.Message,
            new Fuel(failure.Fuel));
    }

    /// <summary>What a child must know of a job to run it. Not checked: <see cref="FrameCodec"/> refuses one that is
    /// too large for a frame, so a harbor asks <see cref="LinkLimits.DescriptionBytesMax"/> before it takes a
    /// job.</summary>
    /// <param name="request">A job that <see cref="JobRequestValidator"/> has let pass.</param>
    public static JobDescription ToDescription(this JobRequest request)
    {
        JobDescription description = new()
        {
            Kind = (int)request.Program.Kind,
            Program = request.Program.Digest.ToByteString(),
            ProgramBytes = request.Program.SizeBytes,
            ProgramName = request.Program.Name,
            Mode = (int)request.Mode,
            Combine = (int)request.Combine,
            TopCount = request.TopCount,
            Lines = request.Lines?.File.ToFrame(),
            FuelMax = request.Limits.FuelMax.Units,
            MemoryBytesMax = request.Limits.MemoryBytesMax,
            TimeMicrosecondsMax = request.Limits.TimeMax.Ticks / TimeSpan.TicksPerMicrosecond,
            OutputBytesMax = request.Limits.OutputBytesMax,
            Seed = ByteString.CopyFrom(JobSeed.Of(request).AsSpan()),
        };
        description.Arguments.Add(request.Arguments);
        description.Parameters.Add(request.Parameters
            .OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => new Parameter { Key = p.Key, Value = p.Value }));
        return description;
    }

    /// <summary>The limits of a job as described.</summary>
    public static JobLimits ToLimits(this JobDescription description) => new()
    {
        FuelMax = new Fuel(description.FuelMax),
        MemoryBytesMax = description.MemoryBytesMax,
        TimeMax = TimeSpan.FromTicks(
            Math.Min(description.TimeMicrosecondsMax, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
            * TimeSpan.TicksPerMicrosecond),
        OutputBytesMax = description.OutputBytesMax,
    };

    /// <summary>The parameters of a job as described.</summary>
    public static ImmutableSortedDictionary<string, string> ToParameters(this JobDescription description) =>
        description.Parameters.ToImmutableSortedDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    /// <summary>An input for the wire.</summary>
    public static Input ToFrame(this InputFile file) =>
        new() { Name = file.Name, Digest = file.Digest.ToByteString(), SizeBytes = file.SizeBytes };

    /// <summary>An input from the wire.</summary>
    public static InputFile ToModel(this Input input) => new(input.Name, input.Digest.ToDigest(), input.SizeBytes);

    /// <summary>The front of a text that fits a failure's message or a nack's detail.</summary>
    public static string Cut(string message)
    {
        int length = Math.Min(message.Length, LinkLimits.MessageCharactersMax);

        // Half of a surrogate pair is no text: protobuf would refuse it.
        return length < message.Length && char.IsHighSurrogate(message[length - 1])
            ? message[..(length - 1)]
            : message[..length];
    }
}
