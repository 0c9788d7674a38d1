using Google.Protobuf;
using Google.Protobuf.Collections;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Link.Frames;

/// <summary>What one frame must fulfil by itself. Each check gives the first rule that is broken, or null.</summary>
internal static class FrameRules
{
    private const string NoLease = "the lease's id is not above zero";

    public static string? Check(Frame frame) => frame.BodyCase switch
    {
        Frame.BodyOneofCase.Hello => CheckHello(frame.Hello),
        Frame.BodyOneofCase.Welcome => CheckWelcome(frame.Welcome),
        Frame.BodyOneofCase.Window => frame.Window.Fuel < 0 ? "the window is negative" : null,
        Frame.BodyOneofCase.Grant => CheckGrant(frame.Grant),
        Frame.BodyOneofCase.Commit => CheckCommit(frame.Commit),
        Frame.BodyOneofCase.Revoke => CheckCut(frame.Revoke.Lease, frame.Revoke.From),
        Frame.BodyOneofCase.Keep => CheckCut(frame.Keep.Lease, frame.Keep.From),
        Frame.BodyOneofCase.Cancel => frame.Cancel.Lease <= 0 ? NoLease : null,
        Frame.BodyOneofCase.Nack => CheckNack(frame.Nack),
        Frame.BodyOneofCase.Receipt => CheckReceipt(frame.Receipt),
        _ => "the frame is empty or of a kind that this version does not know",
    };

    private static string? CheckHello(Hello hello)
    {
        if (hello.Version == 0)
        {
            return "there is no version";
        }

        if (hello.Agent == 0)
        {
            return "there is no agent id";
        }

        if (hello.Slots is 0 or > LinkLimits.SlotCountMax)
        {
            return $"there are 1 to {LinkLimits.SlotCountMax} slots";
        }

        if (!double.IsFinite(hello.FuelPerSecond) || hello.FuelPerSecond <= 0)
        {
            return "the speed is not above zero";
        }

        return hello.MemoryBytes <= 0
            ? "the memory is not above zero"
            : CheckName(hello.Name)
                ?? CheckName(hello.Software)
                ?? CheckHoldings(hello.Holdings)
                ?? (hello.CalculateSize() > LinkLimits.HelloBytesMax
                    ? $"a greeting has at most {LinkLimits.HelloBytesMax} bytes"
                    : null);
    }

    private static string? CheckHoldings(RepeatedField<Holding> holdings)
    {
        if (holdings.Count > LinkLimits.HoldingCountMax)
        {
            return $"there are at most {LinkLimits.HoldingCountMax} holdings";
        }

        long previous = 0;
        foreach (Holding holding in holdings)
        {
            if (holding.Lease <= previous)
            {
                return "the holdings are not in the order of their leases";
            }

            if (holding.Epoch < 0 || holding.Job == 0 || holding.Begin < 0 || holding.End <= holding.Begin)
            {
                return "a holding has no job, a negative epoch, or an empty range";
            }

            previous = holding.Lease;
        }

        return null;
    }

    private static string? CheckReceipt(Receipt receipt)
    {
        if (receipt.Prefixes.Count is 0 or > LinkLimits.ReceiptPrefixCountMax)
        {
            return $"a receipt is for 1 to {LinkLimits.ReceiptPrefixCountMax} leases";
        }

        foreach (LeasePrefix prefix in receipt.Prefixes)
        {
            if (prefix.Lease <= 0 || prefix.Upto <= 0)
            {
                return "a lease's id or its end is not above zero";
            }
        }

        return null;
    }

    private static string? CheckWelcome(Welcome welcome)
    {
        if (welcome.Version == 0)
        {
            return "there is no version";
        }

        return welcome.Harbor == 0 ? "there is no harbor id" : CheckName(welcome.Name);
    }

    private static string? CheckGrant(Grant grant)
    {
        if (grant.Lease <= 0)
        {
            return NoLease;
        }

        if (grant.Epoch < 0)
        {
            return "the epoch is negative";
        }

        if (grant.Job == 0)
        {
            return "there is no job id";
        }

        if (grant.Begin < 0 || grant.End <= grant.Begin)
        {
            return "the range is empty, negative or backwards";
        }

        if (grant.FuelEstimate < 0)
        {
            return "the estimate is negative";
        }

        if (grant.Resumes < 0 || (grant.Resumes > 0 && grant.Parts.Count > 0))
        {
            return "what it resumes is negative, or is a merge";
        }

        return CheckDescription(grant.Description) ?? CheckInputs(grant) ?? CheckParts(grant);
    }

    private static string? CheckInput(Input input) =>
        CheckFileName(input.Name) ?? CheckContent(input.Digest, input.SizeBytes);

    private static string? CheckInputs(Grant grant)
    {
        if (grant.Inputs.Count == 0)
        {
            return null;
        }

        if (grant.Inputs.Count > LinkLimits.InputCountMax)
        {
            return $"there are at most {LinkLimits.InputCountMax} inputs";
        }

        if (grant.Inputs.Count != grant.End - grant.Begin)
        {
            return "there is not one input for each index";
        }

        foreach (Input input in grant.Inputs)
        {
            if (CheckInput(input) is { } broken)
            {
                return broken;
            }
        }

        return null;
    }

    private static string? CheckParts(Grant grant)
    {
        if (grant.Parts.Count == 0)
        {
            return null;
        }

        if (grant.Parts.Count > LinkLimits.PartCountMax)
        {
            return $"there are at most {LinkLimits.PartCountMax} parts";
        }

        if (grant.Inputs.Count > 0)
        {
            return "there are inputs and parts";
        }

        long covered = grant.Begin;
        long inlineBytes = 0;
        foreach (Part part in grant.Parts)
        {
            if (part.Begin != covered || part.End <= part.Begin)
            {
                return "the parts do not cover the range from left to right";
            }

            if (CheckResult(part.ContentCase == Part.ContentOneofCase.Inline, part.Inline, part.Blob) is { } broken)
            {
                return broken;
            }

            covered = part.End;
            inlineBytes += part.ContentCase == Part.ContentOneofCase.Inline ? part.Inline.Length : 0;
        }

        if (covered != grant.End)
        {
            return "the parts do not cover the range from left to right";
        }

        return inlineBytes > LinkLimits.PartsInlineBytesMax
            ? $"inline parts have at most {LinkLimits.PartsInlineBytesMax} bytes together"
            : null;
    }

    private static string? CheckDescription(JobDescription? description)
    {
        if (description is null)
        {
            return null;
        }

        // Kinds that this version does not know pass: the child nacks such a job and keeps the link.
        if (description.Kind <= 0 || description.Mode <= 0 || description.Combine <= 0)
        {
            return "the kind of program, the mode or the way to combine is absent";
        }

        bool isTop = description.Combine == (int)CombineKind.Top;
        if (isTop ? description.TopCount is < 1 or > JobRequestValidator.TopCountMax : description.TopCount != 0)
        {
            return "the count of lines is outside its bounds";
        }

        if (description.ProgramBytes <= 0)
        {
            return "the program is empty";
        }

        if (description.FuelMax <= 0
            || description.MemoryBytesMax is < JobLimits.MemoryBytesLowest or > JobLimits.MemoryBytesHighest
            || description.TimeMicrosecondsMax <= 0
            || description.OutputBytesMax <= 0)
        {
            return "a limit is outside its bounds";
        }

        if (description.Seed.Length != LinkLimits.SeedBytes)
        {
            return $"a seed has {LinkLimits.SeedBytes} bytes";
        }

        return (description.Lines is { } lines ? CheckInput(lines) : null)
            ?? CheckDigest(description.Program)
            ?? CheckFileName(description.ProgramName)
            ?? CheckArguments(description.Arguments)
            ?? CheckParameters(description.Parameters)
            ?? (description.CalculateSize() > LinkLimits.DescriptionBytesMax
                ? $"a description has at most {LinkLimits.DescriptionBytesMax} bytes"
                : null);
    }

    private static string? CheckArguments(RepeatedField<string> arguments) =>
        arguments.Count > LinkLimits.ArgumentCountMax || arguments.Any(a => a.Length > LinkLimits.ArgumentCharactersMax)
            ? "there are too many arguments or one is too long"
            : null;

    private static string? CheckParameters(RepeatedField<Parameter> parameters)
    {
        if (parameters.Count > LinkLimits.ArgumentCountMax)
        {
            return "there are too many parameters";
        }

        string? previous = null;
        foreach (Parameter parameter in parameters)
        {
            if (parameter.Key.Length is 0 or > LinkLimits.NameCharactersMax
                || parameter.Value.Length > LinkLimits.ArgumentCharactersMax)
            {
                return "a parameter's key or value is empty or too long";
            }

            if (previous is not null && string.CompareOrdinal(previous, parameter.Key) >= 0)
            {
                return "the parameters are not in ordinal order of their keys";
            }

            previous = parameter.Key;
        }

        return null;
    }

    private static string? CheckCommit(Commit commit)
    {
        if (commit.Lease <= 0)
        {
            return NoLease;
        }

        if (commit.Epoch < 0 || commit.Upto <= 0 || commit.Fuel < 0 || commit.BusyMicroseconds < 0)
        {
            return "a number is negative, or nothing is committed";
        }

        return CheckResult(commit.ResultCase == Commit.ResultOneofCase.Inline, commit.Inline, commit.Blob);
    }

    private static string? CheckCut(long lease, long from) =>
        lease <= 0 ? NoLease : from < 0 ? "the index is negative" : null;

    private static string? CheckNack(Nack nack)
    {
        if (nack.Lease <= 0)
        {
            return NoLease;
        }

        if (nack.Epoch < 0)
        {
            return "the epoch is negative";
        }

        if (nack.Detail.Length > LinkLimits.MessageCharactersMax)
        {
            return "the detail is too long";
        }

        if (nack.Reason == NackReason.NackProgramFailed != nack.Failure is not null)
        {
            return "a failure goes with the reason that the program failed, and only with it";
        }

        if (nack.Failure is not { } failure)
        {
            return null;
        }

        return failure.Index < 0
            || failure.Fuel < 0
            || failure.Trap < 0
            || failure.Message.Length > LinkLimits.MessageCharactersMax
                ? "the failure has a negative number or too long a message"
                : null;
    }

    private static string? CheckResult(bool isInline, ByteString inline, Blob? blob)
    {
        if (isInline)
        {
            return inline.Length > LinkLimits.InlineBytesMax
                ? $"more than {LinkLimits.InlineBytesMax} bytes travel as a blob"
                : null;
        }

        return blob is null ? "there is no content" : CheckContent(blob.Digest, blob.SizeBytes);
    }

    private static string? CheckContent(ByteString digest, long sizeBytes) =>
        CheckDigest(digest) ?? (sizeBytes < 0 ? "a size is negative" : null);

    private static string? CheckDigest(ByteString digest) =>
        digest.Length == Digest.ByteCount ? null : $"a digest has {Digest.ByteCount} bytes";

    private static string? CheckName(string name) =>
        name.Length > LinkLimits.NameCharactersMax
            ? $"a name has at most {LinkLimits.NameCharactersMax} characters"
            : null;

    private static string? CheckFileName(string name) =>
        name.Length is 0 or > LinkLimits.FileNameCharactersMax
            || name is "." or ".."
            || name.AsSpan().ContainsAny('/', '\\', '\0')
                ? "a file's name is empty, too long or has a folder in it"
                : null;
}
