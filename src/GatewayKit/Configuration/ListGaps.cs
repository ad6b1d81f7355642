using System.Globalization;

namespace GatewayKit.Configuration;

/// <summary>
/// The items of lists that could not be bound, and so are missing in what was. Those behind them have moved up: errors in them are told
/// with the place that they have in the configuration.
/// </summary>
internal sealed class ListGaps
{
    private readonly Dictionary<string, List<int>> _gaps = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Notes that an item is missing. Those of one list come in ascending order.</summary>
    public void Add(string list, int index)
    {
        if (!_gaps.TryGetValue(list, out var indexes))
        {
            _gaps.Add(list, indexes = []);
        }

        indexes.Add(index);
    }

    /// <summary>The path, in the configuration, of what has this path in what was bound.</summary>
    public string Restore(string path)
    {
        if (_gaps.Count == 0)
        {
            return path;
        }

        // From the outside in: a list inside an item is known by where the item really is.
        var keys = path.Split(':');
        var list = keys[0];
        for (var i = 1; i < keys.Length; i++)
        {
            if (_gaps.TryGetValue(list, out var indexes) && int.TryParse(keys[i], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                indexes.ForEach(gap => index += gap <= index ? 1 : 0);
                keys[i] = index.ToString(CultureInfo.InvariantCulture);
            }

            list = ModelPath.Join(list, keys[i]);
        }

        return list;
    }
}
