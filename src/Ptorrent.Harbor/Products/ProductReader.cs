using Ptorrent.Harbor.Blobs;
using Ptorrent.Harbor.State;
using Ptorrent.Harbor.Storage;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Units;
using Ptorrent.Work.Combining;

namespace Ptorrent.Harbor.Products;

/// <summary>
/// Writes a job's product from what is durable, at the pace of whoever takes it: a page of segments is read when the
/// one before was taken, so a slow reader holds no memory and no lock. One that keeps up with the job gets from memory
/// what has just come back.
/// </summary>
internal sealed class ProductReader(HarborReader reader, BlobStore blobs)
{
    /// <summary>Writes the product of a job whose product is whole.</summary>
    /// <exception cref="StorageException">A part of it is damaged or gone.</exception>
    public Task WriteAsync(JobRequest job, Stream destination, CancellationToken stop) =>
        WriteAsync(job, feed: null, destination, stop);

    /// <summary>Writes the product of a job as it grows.</summary>
    /// <param name="job">The job.</param>
    /// <param name="feed">Tells how far it is; null where the product is whole.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ProductBrokenException">The job failed or was cancelled.</exception>
    /// <exception cref="StorageException">A part of it is damaged or gone.</exception>
    public async Task WriteAsync(JobRequest job, JobFeed? feed, Stream destination, CancellationToken stop)
    {
        if (SegmentCombiner.IsStreamed(job.Combine))
        {
            using SegmentStream segments = new(blobs, destination);
            await FollowAsync(
                job, feed, rows => segments.WriteAsync(rows, stop), () => segments.FlushAsync(stop), stop);
        }
        else if (SegmentCombiner.IsFolded(job.Combine))
        {
            await WriteFoldedAsync(job, feed, destination, stop);
        }
        else
        {
            await WaitUntilWholeAsync(feed, stop);
            await WriteMergedAsync(job, destination, stop);
        }
    }

    /// <summary>Takes a job's segments in order, each soon after it is durable.</summary>
    /// <param name="job">The job.</param>
    /// <param name="feed">Tells how far it is; null where the product is whole.</param>
    /// <param name="take">Takes segments that follow those before.</param>
    /// <param name="pause">Called when there are no more at present, and at the end.</param>
    /// <param name="stop">Gives up.</param>
    private async Task FollowAsync(
        JobRequest job,
        JobFeed? feed,
        Func<List<SegmentRow>, ValueTask> take,
        Func<ValueTask> pause,
        CancellationToken stop)
    {
        IndexRange whole = job.Range;
        List<SegmentRow> rows = [];
        long next = whole.Begin;
        while (next < whole.End)
        {
            JobFeedView view = feed?.View ?? Whole(whole);
            while (next < view.PrefixEnd)
            {
                rows.Clear();
                feed?.CopyTailTo(rows, next);
                if (rows.Count == 0)
                {
                    ReadPage(job.Id, 0, next, view.PrefixEnd, rows);
                }

                await take(rows);
                next = rows[^1].Range.End;
            }

            if (next < whole.End)
            {
                await pause();
                await WaitAsync(feed, view, stop);
            }
        }

        await pause();
    }

    private static JobFeedView Whole(IndexRange range) => new(0, range.End, ProductState.Whole, IsForgotten: true);

    private static async Task WaitUntilWholeAsync(JobFeed? feed, CancellationToken stop)
    {
        while (feed is not null && feed.View is { Product: not ProductState.Whole } view)
        {
            await WaitAsync(feed, view, stop);
        }
    }

    private static async Task WaitAsync(JobFeed? feed, JobFeedView view, CancellationToken stop)
    {
        if (view.Product == ProductState.Broken)
        {
            throw new ProductBrokenException();
        }

        if (feed is null || view.IsForgotten)
        {
            throw new StorageException("A part of the product is missing.", isTransient: false);
        }

        await feed.WaitAsync(view.Version, stop);
    }

    /// <summary>Combines segments as they become durable, so that at the end there is only the result to write; holds
    /// no more than that.</summary>
    private async Task WriteFoldedAsync(JobRequest job, JobFeed? feed, Stream destination, CancellationToken stop)
    {
        SegmentCombiner combiner = new(job.Combine, job.TopCount);
        await FollowAsync(job, feed, TakeAsync, () => ValueTask.CompletedTask, stop);
        await WaitUntilWholeAsync(feed, stop);
        await destination.WriteAsync(combiner.ToSegment(), stop);
        if (SegmentCombiner.IsNumeric(job.Combine))
        {
            await destination.WriteAsync("\n"u8.ToArray(), stop);
        }

        async ValueTask TakeAsync(List<SegmentRow> rows)
        {
            foreach (SegmentRow row in rows)
            {
                combiner.AppendSegment(row.Content.Blob is { } blob
                    ? await blobs.ReadAllAsync(blob, stop)
                    : row.Content.Inline.Span);
            }
        }
    }

    private async Task WriteMergedAsync(JobRequest job, Stream destination, CancellationToken stop)
    {
        List<SegmentRow> rows = [];
        ReadPage(job.Id, reader.LastRound(job.Id), job.Range.Begin, job.Range.End, rows);
        if (rows[^1].Range.End != job.Range.End)
        {
            throw new StorageException("The product is not merged.", isTransient: false);
        }

        using SegmentStream segments = new(blobs, destination);
        await segments.WriteAsync(rows, stop);
        await segments.FlushAsync(stop);
    }

    /// <summary>Appends segments that follow each other from <paramref name="begin"/> on; at least one.</summary>
    private void ReadPage(JobId job, int round, long begin, long end, List<SegmentRow> rows)
    {
        reader.ReadSegments(job, round, begin, end, rows);
        long next = begin;
        foreach (SegmentRow row in rows)
        {
            if (row.Range.Begin != next)
            {
                break;
            }

            next = row.Range.End;
        }

        if (next == begin || rows[^1].Range.End != next)
        {
            throw new StorageException($"{job}: the product has a gap at {next}.", isTransient: false);
        }
    }
}
