using System.Text;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.Tests.Auditing.Shipping;

public sealed class CheckpointReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gatewaykit-checkpoints");

    [Fact]
    public void Those_of_a_segment_that_are_signed_late_come_in_front_of_those_of_the_next_one()
    {
        var reader = new CheckpointReader([_folder.FullName], 1, 0);
        Append(1, "a1\na2\na");
        Assert.Equal(["a1", "a2"], Read(reader, 3));
        Append(1, "3\n");
        Append(3, "c1\n");
        Assert.Equal(["a3", "c1"], Read(reader, 3));
        Assert.Equal((3, 3), (reader.Segment, reader.Offset));
        Assert.Empty(Read(reader, 3));
    }

    [Fact]
    public void Boot_that_is_over_is_gone_through_to_its_last_one()
    {
        Append(1, "a1\n");
        Append(40, "z1\n");
        var reader = new CheckpointReader([_folder.FullName], 1, 0);
        Assert.Equal(["a1", "z1"], Read(reader, 42, isOver: true));
        Assert.Equal(42, reader.Segment);
    }

    [Fact]
    public void Those_of_segments_without_any_in_front_are_looked_for_when_one_is_closed()
    {
        Append(1, "a1\n");
        var reader = new CheckpointReader([_folder.FullName], 1, 0);
        Assert.Equal(["a1"], Read(reader, 30));
        Append(20, "t1\n");
        Assert.Empty(Read(reader, 30));
        Assert.Equal(["t1"], Read(reader, 31));
    }

    // Another line may come to stand there, and would be read from its middle.
    [Fact]
    public void What_the_disk_may_not_have_yet_is_not_read()
    {
        var reader = new CheckpointReader([_folder.FullName], 1, 0);
        Append(1, "a1\na2\n");
        Assert.Empty(Read(reader, 3, synced: (0, 0)));
        Assert.Equal(["a1"], Read(reader, 3, synced: (1, 3)));
        Append(2, "b1\n");
        Assert.Empty(Read(reader, 3, synced: (1, 3)));
        Assert.Equal(["a2"], Read(reader, 3, synced: (1, 6)));
        Assert.Equal(["b1"], Read(reader, 3, synced: (2, 3)));
    }

    [Fact]
    public void It_goes_on_where_it_was()
    {
        Append(2, "b1\nb2\n");
        Assert.Equal(["b2"], Read(new([_folder.FullName], 2, 3), 2));
    }

    [Fact]
    public void Many_come_in_parts_and_all_of_them_and_none_of_a_later_segment_is_passed_over()
    {
        Append(1, string.Concat(Enumerable.Range(0, 1_234).Select(static number => $"a{number}\n")));
        Append(40, "z1\n");
        var reader = new CheckpointReader([_folder.FullName], 1, 0);
        var parts = new List<string[]>();
        while (parts is not [.., []])
        {
            parts.Add([.. Read(reader, 42, isOver: true)]);
        }

        Assert.Equal([500, 500, 235, 0], parts.Select(static part => part.Length));
        Assert.Equal([.. Enumerable.Range(0, 1_234).Select(static number => $"a{number}"), "z1"], parts.SelectMany(static part => part));
    }

    [Fact]
    public void Line_that_is_longer_than_what_is_read_at_once_waits_for_its_end_and_others_come_as_they_are()
    {
        var line = new string('x', 400_000);
        Append(1, $"{line}\n{line}\n{line}\n{line}\n");
        Assert.Equal([line, line, line, line], Read(new([_folder.FullName], 1, 0), 1));
    }

    [Fact]
    public void What_was_found_comes_again_when_a_later_file_cannot_be_read()
    {
        Append(1, "a1\n");
        Append(2, "b1\n");
        using (File.Open(Path.Combine(_folder.FullName, "00000002.ck"), FileMode.Open, FileAccess.Read, FileShare.None))
        {
            var reader = new CheckpointReader([_folder.FullName], 1, 0);
            Assert.Throws<IOException>(() => reader.Read(2, isOver: true));
            Assert.Equal((1, 0), (reader.Segment, reader.Offset));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Append(int number, string text) => File.AppendAllText(Path.Combine(_folder.FullName, $"{number:D8}.ck"), text);

    private static IEnumerable<string> Read(CheckpointReader reader, int most, bool isOver = false, (int Segment, long Length)? synced = null) =>
        reader.Read(most, isOver, synced).Select(static line => Encoding.ASCII.GetString(line.Span));
}
