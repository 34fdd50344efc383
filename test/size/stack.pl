#!/usr/bin/perl
# Worst-case stack of every public call, from the call graphs that gcc -fcallgraph-info=su writes:
# stack.pl CALLS ELF FOLDER...  reads FOLDER/**/*.ci and prints "call bytes own" per line, where `own`
# leaves the provider's library out. With an ELF that isn't "-", only what is linked into it counts.
#
# A call through a pointer is resolved by the expression in the source: `aead->seal(...)` may be any
# function that a const object of struct adit_aead holds as its member seal; the objects' relocations
# tell. What that leaves open is said in the file CALLS; a call that stays open, recursion that CALLS
# does not bound, and a frame of unknown size are errors.
use strict;
use warnings;

my ($calls_file, $elf, @folders) = @ARGV;
my (%frame, %edges, %dynamic);      # by node
my (%targets, %external, %callers); # from CALLS and from the const objects
my (%bound, @errors, %source);

sub lines_of {
	my ($path) = @_;
	open(my $in, '<', $path) or die "$path: $!\n";
	return <$in>;
}

sub files {
	my ($pattern, $folder) = @_;
	return sort grep { $_ =~ $pattern } split /\n/, `find $folder -type f`;
}

# external NAME BYTES | call [FUNCTION:]EXPRESSION TARGET... | caller EXPRESSION | depth FUNCTION TIMES
# A target @NAME is every function in the const object NAME; `none` is no function at all.
sub read_calls {
	for (lines_of($calls_file)) {
		s/#.*//;
		my ($kind, $name, @rest) = split ' ' or next;
		if    ($kind eq 'external') { $external{$name} = $rest[0] }
		elsif ($kind eq 'call')     { push @{ $targets{$name} }, @rest }
		elsif ($kind eq 'caller')   { $callers{$name} = 1 }
		elsif ($kind eq 'depth')    { $bound{$name} = $rest[0] }
		else                        { die "$calls_file: $kind?\n" }
	}
}

# Which struct a public const object is, and which members of a struct are functions, in order.
my (%kind_of, %members);

sub read_headers {
	for my $path (files(qr/\.h$/, 'include/adit')) {
		my $text = join '', lines_of($path);
		$text =~ s{/\*.*?\*/}{}gs;
		while ($text =~ /extern const struct adit_(\w+) ([^;]*);/g) {
			my ($kind, $names) = ($1, $2);
			$kind_of{$_} = $kind for $names =~ /\w+/g;
		}
		while ($text =~ /^struct adit_(\w+) \{(.*?)^\}/gms) {
			my ($kind, $body) = ($1, $2);
			$members{$kind} = [ $body =~ /\(\*(\w+)\)\s*\(/g ];
		}
	}
}

# The functions in each const object, in order, by the relocations of its section.
sub read_objects {
	for my $object (files(qr/\.o$/, $folders[0])) {
		(my $file = $object) =~ s{^\Q$folders[0]\E/(.*)\.o$}{$1.c};
		my %functions;
		my $name = '';
		for (split /\n/, `arm-none-eabi-objdump -r $object`) {
			$name = $1 =~ /^\.rodata\.(.*)/ ? $1 : '' if /^RELOCATION RECORDS FOR \[(.*)\]/;
			next unless $name && /R_ARM_ABS32\s+(?:\.text\.)?(\w+)/;
			push @{ $functions{$name} }, grep { exists $frame{$_} } "$file:$1", $1;
		}
		note_object($_, $functions{$_}) for keys %functions;
	}
}

sub note_object {
	my ($name, $functions) = @_;
	push @{ $targets{"\@$name"} }, @$functions;
	my $members = $members{ $kind_of{$name} || '' } or return;
	complain("$name: " . @$functions . " functions for " . @$members . " members")
		if @$functions != @$members;
	push @{ $targets{"$kind_of{$name}.$members->[$_]"} }, $functions->[$_] for 0 .. $#$members;
}

# The expressions that a statement at line:column calls through. gcc tells where the outermost call
# begins, so where that is a plain function the calls among its arguments are meant.
sub expressions_at {
	my ($where) = @_;
	my ($path, $line, $column) = $where =~ /^(.*):(\d+):(\d+)$/ or return '?';
	if (!$source{$path}) {
		my ($found) = grep { -f $_ } $path, map { "$_/$path" } @folders;
		$source{$path} = [ $found ? lines_of($found) : () ];
	}
	my $text = join '', grep { defined } @{ $source{$path} }[ $line - 1 .. $line + 2 ];
	$text = substr($text, $column - 1);
	$text =~ s/;.*//s;
	$text =~ s/\[[^\]]*\]//g;
	my @through = map { tr/->/./sr } $text =~ /(\w+(?:->|\.)\w+)\s*\(/g;
	return @through if @through;
	return $text =~ /^\(?\*?(\w+)\)?\s*\(/ ? $1 : "? at $where";
}

sub read_graphs {
	for my $folder (@folders) {
		read_graph($_, $folder) for files(qr/\.ci$/, $folder);
	}
}

sub read_graph {
	my ($path, $folder) = @_;
	for (lines_of($path)) {
		if (/^node: \{ title: "([^"]+)" label: "([^"]*)"/) {
			my ($node, $label) = ($1, $2);
			next unless $label =~ /\\n(\d+) bytes \(([^)]*)\)/;
			push @errors, "$node: a frame of unknown size ($2)" if $2 ne 'static';
			$frame{$node} = $1;
		} elsif (/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?/) {
			my ($from, $to, $where) = ($1, $2, $3);
			my @to = $to eq '__indirect_call' ? map { "*$_" } expressions_at($where) : $to;
			$edges{$from}{$_} = 1 for @to;
		}
	}
}

# The nodes behind a name: itself, or the static functions of that name in any file.
my %by_name;

sub nodes_of {
	my ($name) = @_;
	return @{ $targets{$name} || [] } if $name =~ /^\@/;
	return () if $name eq 'none';
	return $name if exists $frame{$name} || exists $external{$name};
	return @{ $by_name{$name} || [] };
}

my (%deepest, %open, %reported);

sub complain {
	my ($text) = @_;
	push @errors, $text unless $reported{$text}++;
}

# Bytes from the entry of $node down, [with, without the provider's library, what was cut]. A node
# that is open already is cut there; what hangs on a cut is not remembered, since from elsewhere it
# is deeper.
sub depth {
	my ($node) = @_;
	return $deepest{$node} if $deepest{$node};
	return leaf($node) if !exists $frame{$node};
	if ($open{$node}) {
		complain("$node: calls itself; bound it in $calls_file") unless $bound{ plain($node) };
		return [ 0, 0, { $node => 1 } ];
	}
	$open{$node} = 1;
	my ($all, $own, %cut) = (0, 0);
	for my $next (map { callees($node, $_) } sort keys %{ $edges{$node} || {} }) {
		my $below = depth($next);
		$all = $below->[0] if $below->[0] > $all;
		$own = $below->[1] if $below->[1] > $own;
		%cut = (%cut, %{ $below->[2] });
	}
	delete $open{$node};
	delete $cut{$node};
	my $mine = ($bound{ plain($node) } || 1) * $frame{$node};
	my $ours = $node =~ m{^lib/|^adit_};
	my $deep = [ $all + $mine, $ours ? $own + $mine : 0, \%cut ];
	$deepest{$node} = $deep unless %cut;
	return $deep;
}

# The function's own name, without its file and without what the optimizer put behind.
sub plain {
	my ($node) = @_;
	return $node =~ /^(?:.*:)?([^.:]+)[^:]*$/ ? $1 : $node;
}

sub leaf {
	my ($node) = @_;
	my $bytes = $external{ plain($node) };
	complain("$node: no frame known; name it in $calls_file") unless defined $bytes;
	my $here = $node =~ /^mbedtls_/ ? 0 : $bytes || 0;
	return [ $bytes || 0, $here, {} ];
}

sub callees {
	my ($node, $callee) = @_;
	return $callee unless $callee =~ s/^\*//;
	return () if $callers{$callee};
	my $targets = $targets{ plain($node) . ":$callee" } || $targets{$callee} || [];
	my %known = map { $_ => 1 } grep { is_linked($_) } map { nodes_of($_) } @$targets;
	complain("$node calls $callee: no target known; name it in $calls_file") unless @$targets;
	return sort keys %known;
}

my %linked;

sub read_elf {
	%linked = map { /^\w+ [tT] (\S+)/ ? ($1 => 1) : () } `arm-none-eabi-nm $elf`;
}

sub is_linked {
	my ($node) = @_;
	(my $symbol = $node) =~ s/^.*://;
	return !%linked || $linked{$symbol} || exists $external{$symbol};
}

sub public_calls {
	my %calls;
	for my $path (files(qr/\.h$/, 'include/adit')) {
		my $text = join '', lines_of($path);
		$text =~ s{/\*.*?\*/}{}gs;
		$calls{$1} = 1 while $text =~ /\b(adit_\w+)\s*\(/g;
	}
	return sort grep { exists $frame{$_} && is_linked($_) } keys %calls;
}

read_calls();
read_elf() if $elf ne '-';
read_graphs();
read_headers();
read_objects();
for my $node (keys %frame) {
	push @{ $by_name{ plain($node) } }, $node;
}
for my $call (public_calls()) {
	my $deep = depth($call);
	printf "%s %d %d\n", $call, @{$deep}[ 0, 1 ];
}
if (@errors) {
	print STDERR map { "stack: $_\n" } sort @errors;
	exit 1;
}
