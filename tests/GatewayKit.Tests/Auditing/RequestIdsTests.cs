using GatewayKit.Auditing.Records;

namespace GatewayKit.Tests.Auditing;

public sealed class RequestIdsTests
{
    [Fact]
    public void Ids_are_never_the_same_and_sort_by_time()
    {
        var (ids, time) = (new RequestIds(), DateTime.UnixEpoch.AddYears(50));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var last = string.Empty;
        for (var i = 0; i < 1_000; i++)
        {
            var id = ids.Next(time.AddMilliseconds(i));
            Assert.Equal(26, id.Length);
            Assert.True(seen.Add(id) && seen.Add(ids.Next(time.AddMilliseconds(i))));
            Assert.True(string.CompareOrdinal(last, id) < 0);
            last = id;
        }
    }

    // The example of the specification: 1469918176385 ms.
    [Fact]
    public void Time_stands_in_the_first_ten_digits() =>
        Assert.StartsWith("01ARYZ6S41", new RequestIds().Next(DateTime.UnixEpoch.AddMilliseconds(1469918176385)), StringComparison.Ordinal);

    // Whoever has two answers is not told how many there were between them.
    [Fact]
    public void Ids_of_one_moment_have_nothing_in_common_behind_the_time()
    {
        var ids = new RequestIds();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 100; i++)
        {
            var id = ids.Next(DateTime.UnixEpoch);
            Assert.True(seen.Add(id[13..18]) && seen.Add(id[20..]));
        }
    }
}
