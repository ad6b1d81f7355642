using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;

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
                        Hold = survey.Hold ?? (holds.Count is 0 ? null : HoldOf(bytes, time, holds)),
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

    // Ends do not say who called: the line of the beginning may be in another segment, so that a hold by caller looks at the time of the end alone would hold too much. Beginnings are what is held, and their ends
    // are in the same segment or a later one, which stays too.
    private static string? HoldOf(ReadOnlySpan<byte> line, DateTimeOffset? time, IReadOnlyList<AuditHold> holds)
    {
        foreach (var hold in holds)
        {
            if (!(time < hold.From) && !(time >= hold.To)
                && (hold.Route is null || LineFields.Text(line, ",\"route\":\""u8).SequenceEqual(Encoded(hold.Route)))
                && (hold.Subjects.Count is 0 || Has(hold, LineFields.Text(line, ",\"sub\":\""u8)) || Has(hold, LineFields.Text(line, ",\"pk\":\""u8))))
            {
                return hold.Id;
            }
        }

        return null;
    }

    private static bool Has(AuditHold hold, ReadOnlySpan<byte> value)
    {
        foreach (var subject in value.IsEmpty ? [] : hold.Subjects)
        {
            if (value.SequenceEqual(Encoded(subject)))
            {
                return true;
            }
        }

        return false;
    }

    // As records have it.
    private static byte[] Encoded(string text) => Encoding.ASCII.GetBytes(JsonEncodedText.Encode(text).ToString());
}
