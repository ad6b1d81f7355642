using System.Buffers.Text;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Custody;

/// <summary>What has to be known of a segment before it is deleted.</summary>
/// <param name="Count">How many lines it has.</param>
/// <param name="FirstSequence">The number of the first.</param>
/// <param name="LastSequence">The number of the last.</param>
/// <param name="LastHash">The hash of the last, base64url.</param>
/// <param name="Root">The root over all of them, base64url.</param>
/// <param name="Latest">The latest time that a line has.</param>
/// <param name="Hold">The id of a hold that touches it.</param>
internal sealed record SegmentSurvey(long Count, long FirstSequence, long LastSequence, string LastHash, string Root, DateTimeOffset Latest, string? Hold)
{
    /// <summary>Reads a segment to its last whole line.</summary>
    /// <returns><see langword="null"/> if a line of it is none.</returns>
    public static async Task<SegmentSurvey?> ReadAsync(SegmentFiles files, IReadOnlyList<AuditHold> holds, CancellationToken cancellationToken)
    {
        HeldLines[] held = [.. holds.Select(static hold => new HeldLines(hold))];
        var (tree, survey) = (new MerkleTree(), new SegmentSurvey(0, 0, -1, string.Empty, string.Empty, DateTimeOffset.MinValue, null));
        var stream = files.Open();
        await using (stream.ConfigureAwait(false))
        {
            var lines = new LineReader(stream, 64 << 10);
            do
            {
                while (lines.TryRead(out var bytes))
                {
                    if (!JournalLine.TryRead(bytes, out var line))
                    {
                        return null;
                    }

                    tree.Add(bytes);
                    var time = EventCheck.Time(LineFields.Text(bytes, ",\"ts\":\""u8));
                    survey = survey with
                    {
                        Count = survey.Count + 1,
                        FirstSequence = survey.Count is 0 ? line.Sequence : survey.FirstSequence,
                        LastSequence = line.Sequence,
                        LastHash = Encoding.ASCII.GetString(line.HashText),
                        Latest = time > survey.Latest ? time.Value : survey.Latest,
                        Hold = survey.Hold ?? HoldOf(bytes, time, held),
                    };
                }
            }
            while (await lines.FillAsync(cancellationToken).ConfigureAwait(false));
        }

        if (survey.Count is 0)
        {
            return null;
        }

        var root = new byte[HashChain.HashBytes];
        tree.GetRoot(root);
        return survey with { Root = Base64Url.EncodeToString(root) };
    }

    private static string? HoldOf(ReadOnlySpan<byte> line, DateTimeOffset? time, HeldLines[] holds)
    {
        foreach (var hold in holds)
        {
            if (hold.Include(line, time))
            {
                return hold.Id;
            }
        }

        return null;
    }

    // Ends do not say who called: the line of the beginning may be in another segment, so that a hold by caller looks at the time of the end alone would hold too much. Beginnings are what is held, and their ends
    // are in the same segment or a later one, which stays too.
    private sealed class HeldLines(AuditHold hold)
    {
        // As records have them.
        private readonly byte[]? _route = hold.Route is null ? null : RecordText.ValueOf(hold.Route);
        private readonly byte[][] _subjects = [.. hold.Subjects.Select(static subject => RecordText.ValueOf(subject))];

        public string Id => hold.Id;

        public bool Include(ReadOnlySpan<byte> line, DateTimeOffset? time) =>
            !(time < hold.From) && !(time >= hold.To)
            && (_route is null || LineFields.Text(line, ",\"route\":\""u8).SequenceEqual(_route))
            && (_subjects.Length is 0 || Has(LineFields.Text(line, ",\"sub\":\""u8)) || Has(LineFields.Text(line, ",\"pk\":\""u8)));

        private bool Has(ReadOnlySpan<byte> name)
        {
            foreach (var subject in name.IsEmpty ? [] : _subjects)
            {
                if (name.SequenceEqual(subject))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
