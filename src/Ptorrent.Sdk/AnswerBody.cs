namespace Ptorrent.Sdk;

/// <summary>The body of an answer; closing it closes the answer and, where the body was not read to its end, the
/// line.</summary>
internal sealed class AnswerBody(HttpResponseMessage answer, Stream body) : ForwardOnlyStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        body.ReadAsync(buffer, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            answer.Dispose();
        }

        base.Dispose(disposing);
    }
}
