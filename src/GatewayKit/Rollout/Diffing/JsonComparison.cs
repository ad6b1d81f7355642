using System.Globalization;
using System.Text.Json;

namespace GatewayKit.Rollout.Diffing;

/// <summary>Finds out where two JSON texts differ in content. Of several members with one name the last counts (RFC 8259 §4). Safe for concurrent use.</summary>
internal sealed class JsonComparison(MirrorComparison rules)
{
    // Finding the partner of each item takes time that grows with the square of their number.
    private const int MostUnordered = 256;

    private readonly JsonPattern[] _ignored = [.. rules.IgnorePaths.Select(static path => new JsonPattern(path))];

    public void Compare(JsonElement main, JsonElement mirror, DifferenceList differences) => Compare(main, mirror, [], differences);

    private void Compare(JsonElement main, JsonElement mirror, List<string> path, DifferenceList differences)
    {
        differences.Work.Spend();
        if (differences.IsFull || IsIgnored(path))
        {
            return;
        }

        if (main.ValueKind != mirror.ValueKind)
        {
            // true and false are kinds of their own.
            var areBooleans = main.ValueKind is JsonValueKind.True or JsonValueKind.False && mirror.ValueKind is JsonValueKind.True or JsonValueKind.False;
            differences.Add(areBooleans ? AnswerDifferenceKind.Value : AnswerDifferenceKind.Type, JsonPattern.Write(path));
            return;
        }

        switch (main.ValueKind)
        {
            case JsonValueKind.Object:
                CompareObjects(main, mirror, path, differences);
                break;
            case JsonValueKind.Array when rules.UnorderedArrays && main.GetArrayLength() <= MostUnordered && mirror.GetArrayLength() <= MostUnordered:
                CompareSets(main, mirror, path, differences);
                break;
            case JsonValueKind.Array:
                CompareArrays(main, mirror, path, differences);
                break;
            case JsonValueKind.Number when !AreEqual(main, mirror):
            case JsonValueKind.String when !main.ValueEquals(mirror.GetString()):
                differences.Add(AnswerDifferenceKind.Value, JsonPattern.Write(path));
                break;
        }
    }

    private void CompareObjects(JsonElement main, JsonElement mirror, List<string> path, DifferenceList differences)
    {
        var members = MembersOf(mirror);
        foreach (var (name, value) in MembersOf(main))
        {
            if (members.Remove(name, out var other))
            {
                At(name, path, () => Compare(value, other, path, differences));
            }
            else
            {
                At(name, path, () => Note(AnswerDifferenceKind.Missing, path, differences));
            }
        }

        foreach (var name in members.Keys)
        {
            At(name, path, () => Note(AnswerDifferenceKind.Added, path, differences));
        }
    }

    private void CompareArrays(JsonElement main, JsonElement mirror, List<string> path, DifferenceList differences)
    {
        var (count, otherCount) = (main.GetArrayLength(), mirror.GetArrayLength());
        for (var i = 0; i < Math.Max(count, otherCount) && !differences.IsFull; i++)
        {
            var index = i;
            At(index.ToString(CultureInfo.InvariantCulture), path, () =>
            {
                if (index < count && index < otherCount)
                {
                    Compare(main[index], mirror[index], path, differences);
                }
                else
                {
                    Note(index < count ? AnswerDifferenceKind.Missing : AnswerDifferenceKind.Added, path, differences);
                }
            });
        }
    }

    private void CompareSets(JsonElement main, JsonElement mirror, List<string> path, DifferenceList differences)
    {
        var left = mirror.EnumerateArray().Index().ToList();
        foreach (var (index, item) in main.EnumerateArray().Index())
        {
            if (differences.IsFull)
            {
                return;
            }

            At(index.ToString(CultureInfo.InvariantCulture), path, () =>
            {
                var partner = IsIgnored(path) ? 0 : left.FindIndex(other => AreEqual(item, other.Item, path, differences.Work));
                if (partner < 0)
                {
                    Note(AnswerDifferenceKind.Missing, path, differences);
                }
                else if (left.Count > 0)
                {
                    left.RemoveAt(partner);
                }
            });
        }

        foreach (var (index, _) in left)
        {
            At(index.ToString(CultureInfo.InvariantCulture), path, () => Note(AnswerDifferenceKind.Added, path, differences));
        }
    }

    private bool AreEqual(JsonElement one, JsonElement other, List<string> path, ComparisonWork work)
    {
        var first = new DifferenceList(most: 1, work);
        Compare(one, other, path, first);
        return first.Found.Count == 0;
    }

    // Exact as long as both are numbers of the decimal system; 1.0 and 1 are one number.
    private bool AreEqual(JsonElement one, JsonElement other)
    {
        if (rules.NumericTolerance == 0 && one.TryGetDecimal(out var exact) && other.TryGetDecimal(out var otherExact))
        {
            return exact == otherExact;
        }

        var difference = Math.Abs(one.GetDouble() - other.GetDouble());
        return difference <= rules.NumericTolerance || one.GetRawText() == other.GetRawText();
    }

    private void Note(AnswerDifferenceKind kind, List<string> path, DifferenceList differences)
    {
        differences.Work.Spend();
        if (!IsIgnored(path))
        {
            differences.Add(kind, JsonPattern.Write(path));
        }
    }

    private bool IsIgnored(List<string> path) => Array.Exists(_ignored, pattern => pattern.Matches(path));

    private static Dictionary<string, JsonElement> MembersOf(JsonElement value)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        return members;
    }

    private static void At(string token, List<string> path, Action compare)
    {
        path.Add(token);
        compare();
        path.RemoveAt(path.Count - 1);
    }
}
